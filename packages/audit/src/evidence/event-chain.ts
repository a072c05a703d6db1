import { createHash } from 'node:crypto';

/**
 * The hash of the last of these events, which are the canonical texts of a session from its first event on. Each hash
 * covers the hash before it; the first one covers the id of the session.
 */
export function chainHash(sessionId: string, events: readonly string[]): string {
  const seed = createHash('sha256').update(`phaselock-session/1 ${sessionId}`).digest();
  return events
    .reduce((before, event) => createHash('sha256').update(before).update(event, 'utf8').digest(), seed)
    .toString('hex');
}

/** The session and the place that a canonical event names; undefined if it is not one. */
export function placeOf(event: string): { readonly sessionId: string; readonly place: number } | undefined {
  const content = parsed(event);
  if (!Array.isArray(content) || content.length !== CANONICAL_LENGTH || content[0] !== 'phaselock-event/1')
    return undefined;
  const [, , , , sessionId, place] = content;
  return typeof sessionId === 'string' && typeof place === 'number' ? { sessionId, place } : undefined;
}

const CANONICAL_LENGTH = 13;

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
