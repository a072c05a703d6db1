import { finding, type Row } from '../check.ts';
import type { Finding } from '../finding.ts';
import type { ArchiveRecords } from './archive-records.ts';
import {
  type ArchiveState,
  type Compared,
  compareDocument,
  type DocumentPart,
  type Expected,
  type ExpectedFields,
} from './compare-document.ts';
import type { ToldLog } from './compare-told-logs.ts';

export type RecordedObject = {
  readonly objectKey: string;
  readonly objectVersion: string | null;
  readonly sha256: string;
  readonly bytes: number;
};

/**
 * `damaged`: its bytes differ from the record. `invalid`: its bytes are as recorded, and are not an archive document.
 * `unread`: the store could not be read.
 */
export type Examined =
  | { readonly kind: 'read' }
  | { readonly kind: 'missing' | 'damaged' | 'invalid'; readonly why: string }
  | { readonly kind: 'unread'; readonly why: string };

/**
 * Reads one archive object, compares it with its record and passes on the parts of its document, which count only if the
 * result is `read`.
 */
export type ObjectExaminer = (object: RecordedObject, take: (part: DocumentPart) => void) => Promise<Examined>;

const AT_A_TIME = 8;
/** Each failed read may take as long as the store's time-out, so reading stops after this many. */
const MOST_UNREAD = 16;

/** Examines every archive object that should still exist, up to `AT_A_TIME` in parallel. */
export async function* examineObjects(records: ArchiveRecords, examine: ObjectExaminer): AsyncGenerator<Finding> {
  const unread: string[] = [];
  for (let after: string | null = null; unread.length < MOST_UNREAD; ) {
    const page: readonly Row[] = await records.page(after);
    for (let at = 0; at < page.length && unread.length < MOST_UNREAD; at += AT_A_TIME) {
      const some = page.slice(at, at + AT_A_TIME);
      const expected = await expectedOf(records, some);
      const judged = await Promise.all(some.map((row) => judge(records, examine, row, expected)));
      for (const one of judged)
        if (one?.kind === 'unread') unread.push(one.why);
        else if (one !== undefined) yield one.finding;
    }
    const last = page.at(-1)?.id;
    if (last == null) break;
    after = last;
  }
  const [first] = unread;
  if (first === undefined) return;
  const rest = unread.length < MOST_UNREAD ? '' : ' and the rest was not tried';
  throw new Error(`${unread.length} of the objects could not be read${rest}, the first because ${first}`);
}

type Judged =
  | { readonly kind: 'found'; readonly finding: Finding }
  | { readonly kind: 'unread'; readonly why: string }
  | undefined;

async function judge(
  records: ArchiveRecords,
  examine: ObjectExaminer,
  row: Row,
  expected: ReadonlyMap<string, Expected>,
): Promise<Judged> {
  const id = row.id ?? '';
  const known = expected.get(id);
  if (known === undefined) throw new Error(`nothing was read about the archive ${id}`);
  const object = {
    objectKey: row.object_key ?? '',
    objectVersion: row.object_version ?? null,
    sha256: row.sha256 ?? '',
    bytes: Number(row.bytes),
  };
  const comparing = compareDocument(known);
  const examined = await examine(object, comparing.take);
  const found = (rule: 'SV503' | 'SV504' | 'SV508', message: string): Judged => ({
    kind: 'found',
    finding: finding(rule, row, { kind: 'archive', id, message }),
  });
  switch (examined.kind) {
    case 'unread':
      return examined;
    case 'missing':
      // It may have expired during the audit, whose snapshot still has it.
      return (await records.wasRemoved(id)) ? undefined : found('SV504', examined.why);
    case 'damaged':
      return found('SV503', examined.why);
    case 'invalid':
      return found('SV508', `its object is not an archive document: ${examined.why}`);
    case 'read': {
      const { differences, logs } = comparing.end();
      const all = logs !== undefined && differences.length === 0 ? await logsDiffer(records, row, logs) : differences;
      return all.length === 0 ? undefined : found('SV508', `its document ${all.join(', ')}`);
    }
  }
}

/**
 * The log lines of a session that was not purged are in the database too, and perhaps later ones. Those of a purged one
 * are compared with the digests in its events.
 */
async function logsDiffer(
  records: ArchiveRecords,
  { id, state }: Row,
  { lines, digest, lastId }: NonNullable<Compared['logs']>,
): Promise<readonly string[]> {
  if (id == null || (state !== 'same' && state !== 'changed')) return [];
  const kept = await records.logDigest(id, lastId);
  if (kept.digest === digest && kept.lines === lines) return [];
  return kept.lines === lines
    ? ['has log lines that differ from those in the database']
    : [`has ${lines} log lines, the database ${kept.lines} up to the last of them`];
}

/** What the database says about the sessions of some archives. */
async function expectedOf(records: ArchiveRecords, archives: readonly Row[]): Promise<ReadonlyMap<string, Expected>> {
  const parts = Map.groupBy(await records.parts(archives.map(({ id }) => id ?? '')), (row) => row.session_id);
  return new Map(
    archives.map((archive) => {
      const ofKind = Map.groupBy(parts.get(archive.id ?? null) ?? [], ({ kind }) => kind);
      const listed = (kind: string): ReadonlyMap<string, ExpectedFields> =>
        new Map((ofKind.get(kind) ?? []).map((row) => [row.id ?? '', fieldsOf(row)]));
      const [session] = ofKind.get('session') ?? [];
      const expected: Expected = {
        session: session === undefined ? { id: archive.id } : fieldsOf(session),
        parts: { process: listed('process'), event: listed('event'), feedback: listed('feedback') },
        recorded: {
          process: Number(archive.processes),
          event: Number(archive.events),
          feedback: Number(archive.feedback),
          log: Number(archive.logs),
        },
        state: stateOf(archive),
        logs: logsOf(ofKind.get('process') ?? []),
        allTold: session?.all_told === 'true',
      };
      return [archive.id ?? '', expected];
    }),
  );
}

const STATES: readonly ArchiveState[] = ['same', 'changed', 'purged', 'unknown'];
const stateOf = ({ state }: Row): ArchiveState => STATES.find((one) => one === state) ?? 'unknown';

const logsOf = (processes: readonly Row[]): ReadonlyMap<string, ToldLog> =>
  new Map(processes.flatMap(({ id, logs }) => (id == null || logs == null ? [] : [[id, logOf(logs)] as const])));

function logOf(text: string): ToldLog {
  const { lines, digest } = parsedObject(text);
  return { lines: Number(lines), digest: typeof digest === 'string' ? digest : null };
}

const fieldsOf = ({ fields }: Row): ExpectedFields => parsedObject(fields ?? '{}');

function parsedObject(text: string): ExpectedFields {
  const parsed: unknown = JSON.parse(text);
  return typeof parsed === 'object' && parsed !== null ? { ...parsed } : {};
}
