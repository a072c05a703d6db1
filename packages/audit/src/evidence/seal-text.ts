import type { HeadsSum } from './sum-heads.ts';

/** The first line of every seal; a new format gets another one. */
const FORMAT = 'phaselock-seal/1';

/** What a seal records. docs/seals.md defines its text. */
export type Seal = HeadsSum & {
  /** The time of the snapshot, by the clock of the database. */
  readonly created: string;
  /** Identifies the database; a restored copy has the same. */
  readonly database: string;
  /** The number of the latest migration. */
  readonly schema: number;
  /** The snapshot, as `pg_current_snapshot()` prints it. */
  readonly snapshot: string;
  /** The number of events without a hash, which the seal does not cover. */
  readonly unchained: number;
  /** The root of the seal before this one. */
  readonly previous: string | undefined;
};

export const formatSeal = (seal: Seal): string =>
  [
    FORMAT,
    seal.size,
    seal.root,
    `created ${seal.created}`,
    `database ${seal.database}`,
    `schema ${seal.schema}`,
    `snapshot ${seal.snapshot}`,
    `sessions ${seal.sessions}`,
    `slots ${seal.slots}`,
    `events ${seal.events}`,
    `unchained ${seal.unchained}`,
    `heads ${seal.sha256}`,
    ...(seal.previous === undefined ? [] : [`previous ${seal.previous}`]),
    '',
  ].join('\n');

const COUNT = '(0|[1-9]\\d{0,14})';
const ROOT = '([A-Za-z\\d+/]{43}=)';
const SEAL = new RegExp(
  [
    `^${FORMAT}`,
    COUNT,
    ROOT,
    'created (\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ)',
    'database ([\\da-f]{64})',
    `schema ${COUNT}`,
    'snapshot (\\d+:\\d+:[\\d,]*)',
    `sessions ${COUNT}`,
    `slots ${COUNT}`,
    `events ${COUNT}`,
    `unchained ${COUNT}`,
    'heads ([\\da-f]{64})',
    `(?:previous ${ROOT}\\n)?$`,
  ].join('\\n'),
);

/** Reads the text of a seal; undefined if it has another form. */
export function parseSeal(text: string): Seal | undefined {
  const [all, size, root = '', created = '', database = '', schema, snapshot = '', ...rest] = SEAL.exec(text) ?? [];
  const [sessions, slots, events, unchained, sha256 = '', previous] = rest;
  if (all === undefined) return undefined;
  return {
    size: Number(size),
    root,
    created,
    database,
    schema: Number(schema),
    snapshot,
    sessions: Number(sessions),
    slots: Number(slots),
    events: Number(events),
    unchained: Number(unchained),
    sha256,
    previous,
  };
}

/** Whether the heads that were read are other ones than the seal records. */
export const headsDiffer = (seal: Seal, read: HeadsSum): boolean =>
  (['size', 'root', 'sessions', 'slots', 'events', 'sha256'] as const).some((name) => seal[name] !== read[name]);
