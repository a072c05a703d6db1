import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { compareToldLogs, type ToldLog } from './compare-told-logs.ts';
import { compareWithProcesses } from './compare-with-processes.ts';
import { valueAt } from './value-at.ts';

/** A part of an archive document. */
export type DocumentPart = {
  readonly kind: 'session' | 'process' | 'event' | 'feedback' | 'log';
  readonly fields: Readonly<Record<string, unknown>>;
};

/** The fields that a part must have, by their paths, such as `model.agent`. */
export type ExpectedFields = Readonly<Record<string, unknown>>;

type Listed = 'process' | 'event' | 'feedback';

/** What the database says about the session of a document. */
export type Expected = {
  readonly session: ExpectedFields;
  readonly parts: Readonly<Record<Listed, ReadonlyMap<string, ExpectedFields>>>;
  /** How many parts the archive record counts. */
  readonly recorded: Readonly<Record<Listed | 'log', number>>;
  readonly state: ArchiveState;
  /** The logs of the processes of a purged session, as far as its events record them. */
  readonly logs: ReadonlyMap<string, ToldLog>;
  /** The session was purged, and its events record all that is compared. Those of earlier releases record less. */
  readonly allTold: boolean;
};

/**
 * `same`: its session is in the database, of the archived version; `changed`: of a later version. `purged`: only its
 * events and its record are left. `unknown`: the record is not of a session that could be archived, which another rule
 * reports, so only the id of the session is compared.
 */
export type ArchiveState = 'same' | 'changed' | 'purged' | 'unknown';

export type LogDigest = { readonly lines: number; readonly digest: bigint };

export type Compared = {
  /** The differences in words, empty if there are none. */
  readonly differences: readonly string[];
  /** The last log line, and the digest of all; undefined without a log line. */
  readonly logs: (LogDigest & { readonly lastId: number }) | undefined;
};

type Comparing = { take(part: DocumentPart): void; end(): Compared };

/** The differences that a finding tells; more are counted. */
const MOST_TOLD = 5;
const MOST_VALUE_CHARACTERS = 80;

/** Compares the parts of a document, as they arrive, with what the database says. Keeps no log line. */
export function compareDocument({ session, parts, recorded, state, logs: told, allTold }: Expected): Comparing {
  const differences = collectDifferences();
  const seen = { process: new Set<string>(), event: new Set<string>(), feedback: new Set<string>() };
  const counted = { process: 0, event: 0, feedback: 0 };
  const logs = digestOfLogs(differences.tell);
  const toldLogs = compareToldLogs(told);
  const within = compareWithProcesses();
  let another = false;

  const takeListed = (kind: Listed, fields: DocumentPart['fields']): void => {
    counted[kind] += 1;
    const id = String(fields.id);
    const expected = parts[kind].get(id);
    if (expected === undefined) {
      // The feedback of a purged session is in its document only.
      if (kind !== 'feedback' || state !== 'purged')
        differences.tell(`has the ${kind} ${id}, which the database does not have`);
      return;
    }
    if (seen[kind].has(id)) differences.tell(`has the ${kind} ${id} twice`);
    seen[kind].add(id);
    compareFields(expected, fields, ` in the ${kind} ${id}`, differences.tell);
  };

  const takeLog = (fields: DocumentPart['fields']): void => {
    logs.take(fields);
    toldLogs.take(fields);
    const { id, processId } = fields;
    if (allTold && (typeof processId !== 'string' || !parts.process.has(processId)))
      differences.tell(`has the log line ${id} of no process`);
  };

  return {
    take(part) {
      const { kind, fields } = part;
      if (kind === 'session') {
        another = fields.id !== session.id;
        if (another) differences.tell(`is that of the session ${fields.id}`);
        else compareFields(session, allTold ? withToldFields(fields) : fields, '', differences.tell);
      }
      if (another || state === 'unknown') return;
      if (allTold && kind !== 'log') within.take(part);
      if (kind === 'log') takeLog(fields);
      else if (kind !== 'session') takeListed(kind, fields);
    },
    end() {
      if (!another && state !== 'unknown') {
        for (const kind of ['process', 'event'] as const) {
          // If the record counts others than the database has, either SV503 reports it, or the session went on.
          if (recorded[kind] !== parts[kind].size) continue;
          for (const id of parts[kind].keys())
            if (!seen[kind].has(id)) differences.tell(`lacks the ${kind} ${id}, which the database has`);
        }
        if (counted.feedback !== recorded.feedback)
          differences.tell(`has ${counted.feedback} instead of ${recorded.feedback} ratings`);
        if (logs.lines() !== recorded.log) differences.tell(`has ${logs.lines()} instead of ${recorded.log} log lines`);
        for (const difference of toldLogs.differences()) differences.tell(difference);
        if (allTold) for (const difference of within.differences()) differences.tell(difference);
      }
      return { differences: differences.told(), logs: logs.end() };
    },
  };
}

function collectDifferences() {
  const first: string[] = [];
  let more = 0;
  return {
    tell: (difference: string): void => {
      if (first.length < MOST_TOLD) first.push(difference);
      else more += 1;
    },
    told: (): readonly string[] => (more === 0 ? first : [...first, `${more} more differences`]),
  };
}

/**
 * The creation event records the hash of the handoff, and no milestone if there was none. Neither has a document: every
 * release that can write to a database with such events puts a milestone into its documents.
 */
const withToldFields = (fields: DocumentPart['fields']): DocumentPart['fields'] => ({
  ...fields,
  milestoneId: fields.milestoneId ?? null,
  handoffSha256: typeof fields.handoff === 'string' ? createHash('sha256').update(fields.handoff).digest('hex') : null,
});

/** A field that the document lacks is not compared: documents of earlier releases have fewer. */
function compareFields(
  expected: ExpectedFields,
  fields: DocumentPart['fields'],
  where: string,
  tell: (difference: string) => void,
): void {
  for (const [path, value] of Object.entries(expected)) {
    const found = valueAt(fields, path);
    if (found === undefined || isDeepStrictEqual(found, value)) continue;
    tell(`has ${path} ${inShort(found)} instead of ${inShort(value)}${where}`);
  }
}

function inShort(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length <= MOST_VALUE_CHARACTERS ? text : `${text.slice(0, MOST_VALUE_CHARACTERS)}…`;
}

const DIGEST_BYTES = 8;

/** See `LOG_DIGEST`, which computes the same in the database. */
function digestOfLogs(tell: (difference: string) => void) {
  let lines = 0;
  let digest = 0n;
  let lastId = -1;
  return {
    lines: (): number => lines,
    take({ id, processId, kind, at, line }: DocumentPart['fields']): void {
      const number = Number(id);
      if (number <= lastId) tell(`has the log line ${number} after the line ${lastId}`);
      lastId = Math.max(lastId, number);
      lines += 1;
      const text = [number, processId ?? '', kind, at, line].join('\x1f');
      digest += createHash('sha256').update(text).digest().subarray(0, DIGEST_BYTES).readBigInt64BE();
    },
    end: (): Compared['logs'] => (lines === 0 ? undefined : { lines, digest, lastId }),
  };
}
