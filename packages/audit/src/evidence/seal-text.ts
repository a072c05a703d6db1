import type { Cluster } from './cluster.ts';
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
  /** The PostgreSQL cluster. Undefined if it could not be read, and in seals of earlier releases. */
  readonly cluster: Cluster | undefined;
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
    ...(seal.cluster === undefined ? [] : [`cluster ${seal.cluster.systemId} ${seal.cluster.timeline}`]),
    ...(seal.previous === undefined ? [] : [`previous ${seal.previous}`]),
    '',
  ].join('\n');

const COUNT = /^(?:0|[1-9]\d{0,14})$/;
const ROOT = /^[A-Za-z\d+/]{43}=$/;
const DIGEST = /^[\da-f]{64}$/;

/** The lines after the first, in their order: the word with which each begins, and the form of its value. */
const LINES = [
  ['size', '', COUNT],
  ['root', '', ROOT],
  ['created', 'created ', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/],
  ['database', 'database ', DIGEST],
  ['schema', 'schema ', COUNT],
  ['snapshot', 'snapshot ', /^\d+:\d+:[\d,]*$/],
  ['sessions', 'sessions ', COUNT],
  ['slots', 'slots ', COUNT],
  ['events', 'events ', COUNT],
  ['unchained', 'unchained ', COUNT],
  ['heads', 'heads ', DIGEST],
  ['cluster', 'cluster ', /^-?[1-9]\d{0,18} [1-9]\d{0,9}$/],
  ['previous', 'previous ', ROOT],
] as const;

type LineName = (typeof LINES)[number][0];

const MAY_BE_ABSENT: ReadonlySet<LineName> = new Set(['cluster', 'previous']);

/** Reads the text of a seal; undefined if it has another form. */
export function parseSeal(text: string): Seal | undefined {
  const [format, ...lines] = text.split('\n');
  if (format !== FORMAT || lines.pop() !== '') return undefined;
  const values = new Map<LineName, string>();
  for (const [name, begin, form] of LINES) {
    const line = lines[values.size];
    if (line?.startsWith(begin) && form.test(line.slice(begin.length))) values.set(name, line.slice(begin.length));
    else if (!MAY_BE_ABSENT.has(name)) return undefined;
  }
  if (values.size < lines.length) return undefined;
  const value = (name: LineName): string => values.get(name) ?? '';
  const [systemId = '', timeline] = value('cluster').split(' ');
  return {
    size: Number(value('size')),
    root: value('root'),
    created: value('created'),
    database: value('database'),
    schema: Number(value('schema')),
    snapshot: value('snapshot'),
    sessions: Number(value('sessions')),
    slots: Number(value('slots')),
    events: Number(value('events')),
    unchained: Number(value('unchained')),
    sha256: value('heads'),
    cluster: timeline === undefined ? undefined : { systemId, timeline: Number(timeline) },
    previous: values.get('previous'),
  };
}

/** Whether the heads that were read are other ones than the seal records. */
export const headsDiffer = (seal: Seal, read: HeadsSum): boolean =>
  (['size', 'root', 'sessions', 'slots', 'events', 'sha256'] as const).some((name) => seal[name] !== read[name]);
