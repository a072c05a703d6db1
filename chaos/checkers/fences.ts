import type { Operation } from '../history/operation.ts';
import { type Checker, createFindings, entryOf, ofOperations } from './checker.ts';
import { createFirstTries } from './first-tries.ts';

/**
 * Kinds refused after the session was replaced or deleted, and kinds refused after a later process of the same session
 * began.
 */
const FENCED_BY_GENERATION: ReadonlySet<string> = new Set(['turn', 'logs', 'agent-session', 'heartbeat', 'stop']);
const FENCED_BY_PROCESS: ReadonlySet<string> = new Set(['logs', 'agent-session', 'usage', 'heartbeat']);

type Moment = { readonly until: number; readonly operation: Operation };
const earlier = (one: Moment | undefined, other: Moment): Moment =>
  one === undefined || other.until < one.until ? other : one;

/**
 * Checks fencing: after a replacement is acknowledged, no write sent later under the older fencing token may be
 * accepted.
 */
export function checkFences(): Checker {
  const findings = createFindings();
  const tries = createFirstTries();
  const goneSince = new Map<string, Moment>();
  const seqs = new Map<string, { readonly session: string; readonly seq: number }>();
  const begun = new Map<string, { readonly seq: number; readonly moment: Moment }[]>();
  const endedSince = new Map<string, Moment>();
  const writes: Operation[] = [];

  const gone = (session: string | undefined, operation: Operation) => {
    if (session === undefined) return;
    goneSince.set(session, earlier(goneSince.get(session), { until: operation.until, operation }));
  };

  const take = (operation: Operation) => {
    tries.note(operation);
    const { kind, outcome, told, session, process } = operation;
    if (outcome !== 'ok') return;
    if (kind === 'start') gone(told?.outcome === 'replaced' ? told.predecessor?.session : undefined, operation);
    if (kind === 'turn') gone(told?.replaced?.session, operation);
    if (kind === 'delete') gone(session, operation);
    if (kind === 'finish' && process !== undefined)
      endedSince.set(process, earlier(endedSince.get(process), { until: operation.until, operation }));
    if (kind === 'turn' && told?.process !== undefined && told.session !== undefined && told.seq !== undefined) {
      seqs.set(told.process, { session: told.session, seq: told.seq });
      entryOf(begun, told.session, () => []).push({ seq: told.seq, moment: { until: operation.until, operation } });
    }
    const positive = kind !== 'heartbeat' || told?.outcome === 'continue';
    if (positive && (FENCED_BY_GENERATION.has(kind) || FENCED_BY_PROCESS.has(kind))) writes.push(operation);
  };

  const conclude = () => {
    let byGeneration = 0;
    let byProcess = 0;
    for (const write of writes) {
      const { kind, session = '', process = '' } = write;
      const sent = tries.earliestOf(write);
      const left = goneSince.get(session);
      if (left !== undefined && FENCED_BY_GENERATION.has(kind)) {
        byGeneration += 1;
        // A turn whose response names another session replaced this one, so it was not a write under the old token.
        if (sent > left.until)
          findings.add(
            'stale-write',
            `${kind} of session ${session} was accepted after the session was replaced or deleted`,
            left.operation,
            write,
          );
      }
      const own = seqs.get(process);
      if (own === undefined || !FENCED_BY_PROCESS.has(kind)) continue;
      byProcess += 1;
      const next = begun.get(own.session)?.find(({ seq, moment }) => seq > own.seq && moment.until < sent);
      if (next !== undefined)
        findings.add(
          'stale-process',
          `${kind} of process ${process} was accepted after a later process began`,
          next.moment.operation,
          write,
        );
      const ended = endedSince.get(process);
      if (ended !== undefined && sent > ended.until && (kind === 'agent-session' || kind === 'heartbeat'))
        findings.add(
          'write-after-end',
          `${kind} of process ${process} was accepted after the process ended`,
          ended.operation,
          write,
        );
    }
    return {
      compared: { 'writes of sessions that left their slot': byGeneration, 'writes of processes': byProcess },
      findings: findings.all(),
    };
  };
  return { name: 'fences', take: ofOperations(take), conclude };
}
