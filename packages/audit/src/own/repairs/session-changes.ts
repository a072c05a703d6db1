import { MOST_BOOKED, TOTALS } from '../usage.ts';
import { literal } from './literal.ts';
import { BIRTHS, MODEL, type Proven } from './replay-events.ts';
import type { ToldSession, Values } from './told-session.ts';

/** A column to set. `set` is SQL. */
export type Change = { readonly column: string; readonly seen: string | null; readonly set: string };
type ProcessChanges = { readonly id: string; readonly changes: readonly Change[] };
export type SessionChanges = {
  readonly session: readonly Change[];
  readonly processes: readonly ProcessChanges[];
  /** Whether rows were left as they are, because they tell of something that may have followed the events. */
  readonly ahead: boolean;
};

const CLOSED: ReadonlySet<string | null | undefined> = new Set(['completed', 'failed', 'stopped']);
/** No version of the session that was ever shown is reached again by this. */
const VERSIONS_AHEAD = 1000;

const NEW_LEASE = 'clock_timestamp() + make_interval(secs => coalesce(s.lease_ms, 60000) / 1000.0)';

/**
 * The columns in which the rows of a session and of its processes differ from what its events prove. A hash chain proves
 * nothing about events that were removed from its end. So if a row tells of more than the events, what the last events
 * decide is changed only if the version of the session shows that nothing followed them.
 */
export function sessionChanges(told: ToldSession, proven: Proven): SessionChanges {
  const { session, processes } = told;
  const rows = processes.map((row) => judgeProcess(row, proven));
  const own = judgeSession(told, proven);
  const ahead = (own.ahead || rows.some((row) => row.ahead)) && session.version !== String(proven.version);
  const certain = (changes: readonly Change[]): readonly Change[] =>
    ahead ? changes.filter(({ column }) => !DECIDED_LAST.has(column)) : changes;
  return {
    session: certain(own.changes),
    processes: rows
      .map(({ id, changes }) => ({ id, changes: certain(changes) }))
      .filter(({ changes }) => changes.length > 0),
    ahead,
  };
}

const DECIDED_LAST: ReadonlySet<string> = new Set([
  'status',
  'ended_at',
  'lease_expires_at',
  'exit_code',
  'agent_session_id',
  'deleted_at',
  'deleted_reason',
  'replaced_by',
  ...TOTALS,
]);

type Judged = { readonly changes: readonly Change[]; readonly ahead: boolean };

const set = (row: Values, column: string, value: string | null): Change => ({
  column,
  seen: row[column] ?? null,
  set: literal(value),
});

/** The columns whose known value is another one. */
const differing = (row: Values, known: Values): string[] =>
  Object.keys(known).filter((column) => known[column] !== undefined && known[column] !== (row[column] ?? null));

const below = (one: string | null | undefined, other: string | null | undefined): boolean =>
  one != null && other != null && BigInt(one) < BigInt(other);

function judgeProcess(row: Values, proven: Proven): ProcessChanges & Judged {
  const id = row.id ?? '';
  const known = proven.processes.get(id);
  if (known === undefined) return { id, changes: [], ahead: true };
  const isAhead = (column: string): boolean => {
    switch (column) {
      case 'status':
      case 'ended_at':
      case 'exit_code':
        return known.status === 'running';
      case 'agent_session_id':
        return row.agent_session_id !== null && !proven.conversations.has(row.agent_session_id ?? '');
      default:
        return TOTALS.some((total) => total === column) && below(known[column], row[column]);
    }
  };
  // The loss of a process was not always recorded, and the end of a lost one is the end of its lease.
  const unknown = (column: string): boolean =>
    ['status', 'ended_at'].includes(column) &&
    ((known.status === 'running' && row.status === 'lost') || (known.ended_at === undefined && row.ended_at === null));
  const differs = differing(row, known).filter((column) => !unknown(column));
  const changes = differs.map((column) => set(row, column, known[column] ?? null));
  return { id, changes, ahead: differs.some(isAhead) };
}

function judgeSession(told: ToldSession, proven: Proven): Judged {
  const { session: row } = told;
  const known: Record<string, string | null> = { ...proven.session, ...usageOf(told, proven) };
  const lostUnseen = told.processes.some(
    ({ id, status }) => status === 'lost' && proven.processes.get(id ?? '')?.status === 'running',
  );
  const closedAhead = CLOSED.has(row.status) && !CLOSED.has(known.status);
  const isAhead = (column: string): boolean => {
    switch (column) {
      case 'deleted_at':
      case 'deleted_reason':
      case 'replaced_by':
        return known.deleted_at === null;
      case 'status':
      case 'ended_at':
        return closedAhead || lostUnseen;
      case 'agent_session_id':
        return row.agent_session_id !== null && !proven.conversations.has(row.agent_session_id ?? '');
      default:
        return false;
    }
  };
  const endIsExact = isEndExact(told);
  const differs = differing(row, known).filter((column) => !isReadAgain(row, known, column, endIsExact));
  const changes = [
    ...differs.map((column) => set(row, column, known[column] ?? null)),
    ...leaseChange(told, known),
    ...timeChange(told),
  ];
  if (below(row.version, String(proven.version)))
    changes.push(set(row, 'version', String(proven.version + VERSIONS_AHEAD)));
  return { changes, ahead: differs.some(isAhead) };
}

const MINUTE_MS = 60_000;
const DAY_MS = 1_440 * MINUTE_MS;

/**
 * Older releases read the clock once for the session and again for the event of its deletion or end, and after the clock
 * was set back the session keeps a later time.
 */
function isReadAgain(row: Values, known: Values, column: string, endIsExact: boolean): boolean {
  const [at, told] = [row[column] ?? null, known[column] ?? null];
  const exact =
    column === 'deleted_at'
      ? known.replaced_by !== null && known.deleted_reason !== 'collapsed'
      : column !== 'ended_at' || endIsExact;
  if (exact || at === null || told === null) return false;
  const laterByMs = Date.parse(at) - Date.parse(told);
  return laterByMs >= -MINUTE_MS && laterByMs <= DAY_MS;
}

/**
 * SV217 compares exactly if the session was created by migration 0024 or later and an event closed it, unless that event
 * has the time of the one before it.
 */
function isEndExact({ session, events }: ToldSession): boolean {
  const own = events.filter(({ event }) => event.session_id === session.id);
  const last = own.findLastIndex(({ event: { type } }) => type === 'closed' || type === 'turn-started');
  const { type, at: end = null } = own[last]?.event ?? {};
  return (
    type === 'closed' &&
    own.some(({ event, model }) => BIRTHS.has(event.type ?? '') && model !== null) &&
    own.slice(0, last).every(({ event: { at = null } }) => at !== null && end !== null && at < end)
  );
}

/** A running process has a lease that ends soon. Its runner renews it; without a runner, the sweep finds it lost. */
function leaseChange({ session: row, processes, tomorrow }: ToldSession, known: Values): Change[] {
  const runs = known.status === 'running' && processes.some(({ status }) => status === 'running');
  const lease = row.lease_expires_at ?? null;
  const tooLate = lease !== null && lease > tomorrow;
  return runs && (lease === null || tooLate) ? [{ column: 'lease_expires_at', seen: lease, set: NEW_LEASE }] : [];
}

/** A session was not changed in the future or before it was created. The repair is its latest change. */
function timeChange({ session: row, tomorrow }: ToldSession): Change[] {
  const { updated_at: at = null, created_at: since = null } = row;
  const wrong = at !== null && (at > tomorrow || (since !== null && at < since));
  return wrong ? [{ column: 'updated_at', seen: at, set: 'clock_timestamp()' }] : [];
}

/** The usage of a session is the sum of that of its processes, if each is known. */
function usageOf({ session: row, processes }: ToldSession, proven: Proven): Values {
  const complete =
    processes.length === proven.processes.size && processes.every(({ id }) => proven.processes.has(id ?? ''));
  // A session from before the guard may have been created with its usage.
  if (!complete || proven.session.created_at === undefined) return {};
  return Object.fromEntries(
    TOTALS.map((total) => {
      const used = processes.map((process) =>
        BigInt(proven.processes.get(process.id ?? '')?.[total] ?? process[total] ?? 0),
      );
      const sum = used.reduce((one, other) => one + other, 0n);
      return [
        total,
        used.some((one) => one < 0n) ? (row[total] ?? null) : sum > BigInt(MOST_BOOKED) ? MOST_BOOKED : String(sum),
      ];
    }),
  );
}

/** What a change is about; a rule needs changes of some of these kinds. */
export type Topic = 'birth' | 'end' | 'turns' | 'state' | 'usage' | 'version' | 'conversation' | 'model';

const TOPICS: Readonly<Record<string, Topic>> = {
  deleted_at: 'end',
  deleted_reason: 'end',
  replaced_by: 'end',
  status: 'state',
  ended_at: 'state',
  updated_at: 'state',
  lease_expires_at: 'state',
  version: 'version',
  agent_session_id: 'conversation',
  ...Object.fromEntries(TOTALS.map((column) => [column, 'usage' as const])),
  ...Object.fromEntries([...MODEL, 'milestone_id'].map((column) => [column, 'model' as const])),
};

export const topicsOf = ({ session, processes }: SessionChanges): ReadonlySet<Topic> =>
  new Set([
    ...session.map(({ column }) => TOPICS[column] ?? 'birth'),
    ...processes.flatMap(({ changes }) =>
      changes.flatMap(({ column }): Topic[] => (TOPICS[column] === 'usage' ? ['turns', 'usage'] : ['turns'])),
    ),
  ]);
