import { chainHash, placeOf } from './event-chain.ts';
import { parseHead, type SessionHead } from './heads.ts';
import { rootOfPath } from './merkle-tree.ts';
import { parseSeal, type Seal } from './seal-text.ts';
import { openNote, type VerifyingKey } from './signed-note.ts';

/** The first line of every proof; a new format gets another one. */
const FORMAT = 'phaselock-proof/1';

/** What a proof consists of. docs/seals.md defines its text. */
type Proof = {
  /** The line of the session among the heads, and its index there, from 0. */
  readonly leaf: string;
  readonly index: number;
  /** The hashes that lead from the leaf to the root. */
  readonly path: readonly Buffer[];
  /** The canonical texts of the sealed events. */
  readonly events: readonly string[];
  /** The seal with its signature. */
  readonly note: string;
};

export const formatProof = ({ leaf, index, path, events, note }: Proof): string =>
  [
    FORMAT,
    `leaf ${leaf}`,
    `index ${index}`,
    ...path.map((hash) => `path ${hash.toString('base64')}`),
    ...events.map((event) => `event ${event}`),
    '',
    note,
  ].join('\n');

const HASH = /^[A-Za-z\d+/]{43}=$/;

/** Reads a proof; undefined if it has another form. */
function parseProof(text: string): Proof | undefined {
  const end = text.indexOf('\n\n');
  if (end === -1) return undefined;
  const [format, leaf, index, ...more] = text.slice(0, end).split('\n');
  const paths = more.filter((line) => line.startsWith('path '));
  const path = paths.map((line) => line.slice('path '.length));
  const events = more.slice(paths.length);
  if (format !== FORMAT || leaf?.startsWith('leaf ') !== true) return undefined;
  const [, place] = /^index (0|[1-9]\d{0,14})$/.exec(index ?? '') ?? [];
  if (place === undefined || !path.every((hash) => HASH.test(hash))) return undefined;
  if (!events.every((line) => line.startsWith('event '))) return undefined;
  return {
    leaf: leaf.slice('leaf '.length),
    index: Number(place),
    path: path.map((hash) => Buffer.from(hash, 'base64')),
    events: events.map((line) => line.slice('event '.length)),
    note: text.slice(end + 2),
  };
}

type CheckedProof =
  | { readonly kind: 'accepted'; readonly head: SessionHead; readonly seal: Seal }
  | { readonly kind: 'refused'; readonly why: string };

/** Checks a proof against the public key, without a database. */
export function checkProof(text: string, key: VerifyingKey): CheckedProof {
  const proof = parseProof(text);
  if (proof === undefined) return refused('it is not a proof, or is cut off');
  const signed = openNote(proof.note, key);
  if (signed === undefined) return refused(`its seal is not signed by the key ${key.name}`);
  const seal = parseSeal(signed);
  if (seal === undefined) return refused('the text of its seal has another form');
  const root = rootOfPath(proof.leaf, { index: proof.index, size: seal.size, path: proof.path });
  if (root?.toString('base64') !== seal.root) return refused('its path does not lead to the root of the seal');
  const head = parseHead(proof.leaf);
  if (head?.kind !== 'session') return refused('its leaf is not that of a session');
  const why = whyNotChained(head, proof.events);
  return why === undefined ? { kind: 'accepted', head, seal } : refused(why);
}

const refused = (why: string): CheckedProof => ({ kind: 'refused', why });

/** Why these events are not the ones with the sealed hash; undefined if they are. */
export function whyNotChained(head: SessionHead, events: readonly string[]): string | undefined {
  if (events.length !== head.length) return `it has ${events.length} events, and ${head.length} were sealed`;
  for (const [at, event] of events.entries()) {
    const found = placeOf(event);
    if (found?.sessionId !== head.sessionId || found.place !== at + 1)
      return `its event ${at + 1} is not event ${at + 1} of the session`;
  }
  return chainHash(head.sessionId, events) === head.hash ? undefined : 'its events do not have the sealed hash';
}
