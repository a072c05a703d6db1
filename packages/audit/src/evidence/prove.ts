import { NotFound, SourceFailure } from '../source.ts';
import type { Evidence } from './evidence.ts';
import { parseHead, type SessionHead } from './heads.ts';
import { growMerkleTree } from './merkle-tree.ts';
import { demandComparable, readSeal } from './open-seal.ts';
import { formatProof, whyNotChained } from './proof-text.ts';

type Proving = {
  readonly evidence: Evidence;
  readonly sessionId: string;
  readonly note: string;
  readonly heads: () => AsyncIterable<string>;
};

type Proved =
  | { readonly kind: 'proved'; readonly proof: string }
  /** The events of the session are no longer the sealed ones. */
  | { readonly kind: 'altered'; readonly why: string };

/**
 * Proves that a session had these events when the seal was made. Reads the heads twice: to find the session, and to
 * build the tree.
 */
export async function prove({ evidence, sessionId, note, heads }: Proving): Promise<Proved> {
  const seal = readSeal(note, undefined);
  await demandComparable(evidence, seal);
  const found = await findSession(heads(), sessionId);
  if (found === undefined)
    throw new NotFound(`the seal has no session ${sessionId}: it began later, or its id has another form`);
  const tree = growMerkleTree(found.index);
  for await (const line of heads()) tree.add(line);
  const { root, path } = tree.finish();
  if (root.toString('base64') !== seal.root)
    throw new SourceFailure('the heads beside the seal are damaged, or belong to another seal');
  const events = await evidence.eventsOf(found.head);
  const altered = whyNotChained(found.head, events);
  if (altered !== undefined) return { kind: 'altered', why: altered };
  return { kind: 'proved', proof: formatProof({ leaf: found.line, index: found.index, path, events, note }) };
}

type FoundSession = { readonly head: SessionHead; readonly line: string; readonly index: number };

async function findSession(heads: AsyncIterable<string>, sessionId: string): Promise<FoundSession | undefined> {
  let index = 0;
  for await (const line of heads) {
    const head = line.includes(sessionId) ? parseHead(line) : undefined;
    if (head?.kind === 'session' && head.sessionId === sessionId) return { head, line, index };
    index += 1;
  }
  return undefined;
}
