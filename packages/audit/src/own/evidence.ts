import type { Row } from '../check.ts';
import type { Cluster } from '../evidence/cluster.ts';
import type { Evidence, SessionRange } from '../evidence/evidence.ts';
import type { Head, SessionHead, SlotHead } from '../evidence/heads.ts';
import type { AuditedState } from '../evidence/seal-fits.ts';
import type { Seal } from '../evidence/seal-text.ts';
import { askEachRow } from './ask-each-row.ts';
import { canonicalEvent } from './canonical-event.ts';
import type { ScopeSql } from './scope.ts';
import type { SharedConnections } from './shared-connections.ts';

/** The id is derived from the time of the first migration, which a copy, a standby or a restored backup shares. */
const STATE = `
  select encode(sha256(convert_to('phaselock-database/1 ' || (extract(epoch from m.applied_at) * 1000000)::bigint, 'UTF8')), 'hex') as database,
         (select max(version) from phaselock_migrations) as schema, to_char(now() at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as at,
         pg_current_snapshot()::text as snapshot, pg_is_in_recovery()::text as standby
  from phaselock_migrations m where m.version = 1`;

const UNCHAINED = 'select count(*) as events from session_events where hash is null or place is null';

/** The order of ids is the order of their texts. */
const SESSION_HEADS = `
  select e.task_id, e.session_id, e.place, encode(e.hash, 'hex') as hash from (
    select distinct on (task_id, session_id) task_id, session_id, place, hash from session_events where hash is not null and place is not null
    order by task_id, session_id, place desc) e
  order by e.task_id, e.session_id`;

/** Sessions outside of the guard have generation 0 and belong to no slot. */
const BIRTHS = `e.type in ('created', 'replaced') and e.generation > 0`;

/** A slot whose sessions are not all chained yet is left out, like those sessions. */
const SLOT_HEADS = `
  select e.task_id, e.phase, e.mode, max(e.generation) as generation,
         encode(sha256(string_agg(e.hash, ''::bytea order by e.generation, e.session_id)), 'hex') as digest
  from session_events e where ${BIRTHS} group by e.task_id, e.phase, e.mode having count(*) = count(e.hash)
  order by e.task_id, (e.phase || '/' || e.mode || ' ') collate "C"`;

const EVENTS_OF = `
  select ${canonicalEvent('e')} as event from session_events e
  where e.task_id = $1::uuid and e.session_id = $2::uuid and e.place <= $3::integer order by e.place, e.id`;

/**
 * An event dated this long before the seal was recorded before it. A transaction takes at most seconds, and its event
 * may carry the id of the transaction before it (migration 0018).
 */
const CLEARLY_BEFORE = '1 minute';

const SESSIONS_NOT_AS_SEALED = `
  with sealed as (
    select * from unnest($1::uuid[], $2::uuid[], $3::integer[], $4::text[]) as l(task_id, session_id, length, hash)
  ), found as (
    select e.task_id, e.session_id, count(e.place) as length, count(*) - count(e.hash) as unchained,
           coalesce(bool_or(e.place = l.length and encode(e.hash, 'hex') = l.hash), false) as kept,
           min(e.at) filter (where e.place = coalesce(l.length, 0) + 1) as next_at,
           min(e.type) filter (where e.place = coalesce(l.length, 0) + 1) as next_type,
           bool_or(pg_visible_in_snapshot(e.tx, $9::pg_snapshot)) filter (where e.place = coalesce(l.length, 0) + 1) as next_seen
    from session_events e left join sealed l using (task_id, session_id)
    -- The range is given by the task too, for the index.
    where e.task_id between $5::uuid and $7::uuid
      and (e.task_id, e.session_id) > ($5::uuid, $6::uuid) and (e.task_id, e.session_id) <= ($7::uuid, $8::uuid)
    group by e.task_id, e.session_id, l.length
  ), judged as (
    select task_id, session_id, l.length as sealed, f.length, f.unchained, f.kept, f.next_at, f.next_seen,
           -- A session that was not chained when the seal was made is not in it.
           coalesce(f.next_at < $10::timestamptz - interval '${CLEARLY_BEFORE}' and (l.length is not null or $11::bigint = 0)
                    -- It has the time of the last change of its session, however much later it is recorded.
                    and (f.next_type <> 'logs-appended' or f.next_seen), false) as early,
           -- Every event since then was chained when it was recorded.
           l.length is null and f.unchained > 0 and $11::bigint = 0 as never_chained
    from sealed l full join found f using (task_id, session_id)
  )
  select task_id, session_id, sealed, length, unchained, kept::text, early::text, next_at as early_at, next_seen::text as early_seen,
         never_chained::text
  from judged where length is null or sealed is not null and not kept or early or never_chained
  order by task_id, session_id`;

const SLOTS_NOT_AS_SEALED = `
  select l.task_id, l.phase, l.mode, l.generation, count(distinct e.generation) filter (where e.hash is not null) as births
  from unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::text[]) as l(task_id, phase, mode, generation, digest)
  left join session_events e on e.task_id = l.task_id and e.phase = l.phase and e.mode = l.mode and e.generation <= l.generation and ${BIRTHS}
    -- The slots follow each other, so that a range of the index is read.
    and e.task_id between $6::uuid and $7::uuid
  group by l.task_id, l.phase, l.mode, l.generation, l.digest
  having encode(sha256(string_agg(e.hash, ''::bytea order by e.generation, e.session_id)), 'hex') is distinct from l.digest
  order by l.task_id, l.phase, l.mode`;

const logLines = ({ processes }: ScopeSql): string => `
  select l.session_id, l.process_id, p.task_id, p.attempt_id, p.log_lines, encode(p.log_digest, 'hex') as log_digest,
         encode(sha256(convert_to(l.kind || e'\\x1f' || l.line, 'UTF8')), 'hex') as line_hash
  from session_logs l join processes p on p.id = l.process_id where p.log_lines > 0 and ${processes} order by l.session_id, l.id`;

const FIRST = '00000000-0000-0000-0000-000000000000';
const LAST = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

export async function readState(
  ask: (sql: string) => Promise<readonly Row[]>,
  cluster: Cluster | undefined,
): Promise<AuditedState> {
  const [row] = await ask(STATE);
  const { database = null, schema, at = null, snapshot = null, standby } = row ?? {};
  if (database === null || at === null || snapshot === null) throw new Error('the first migration has no record');
  return { database, schema: Number(schema), at, snapshot, standby: standby === 'true', cluster };
}

/** Reads the event chains over the connections of the audit. */
export function openEvidence(
  connections: SharedConnections,
  within: ScopeSql,
  { rehashes, cluster }: { readonly rehashes: boolean; readonly cluster: Cluster | undefined },
): Evidence {
  const each = (sql: string, values: readonly unknown[] = []): AsyncIterable<Row> =>
    askEachRow(connections, { sql }, { values });
  const all = (sql: string, values: readonly unknown[] = []): Promise<Row[]> => Array.fromAsync(each(sql, values));
  return {
    rehashes,
    state: () => readState(all, cluster),
    async *heads() {
      for await (const row of each(SESSION_HEADS)) yield sessionHead(row);
      for await (const row of each(SLOT_HEADS)) yield slotHead(row);
    },
    unchained: async () => Number((await all(UNCHAINED))[0]?.events),
    eventsOf: async ({ taskId, sessionId, length }) =>
      (await all(EVENTS_OF, [taskId, sessionId, length])).map(({ event }) => event ?? ''),
    sessionsNotAsSealed: (range, seal) => all(SESSIONS_NOT_AS_SEALED, valuesOf(range, seal)),
    slotsNotAsSealed: (heads) =>
      all(SLOTS_NOT_AS_SEALED, [
        ...columns<SlotHead>(heads, ['taskId', 'phase', 'mode', 'generation', 'digest']),
        ...[heads.at(0)?.taskId ?? LAST, heads.at(-1)?.taskId ?? FIRST],
      ]),
    logLines: () => each(logLines(within), within.values),
  };
}

const columns = <Item>(items: readonly Item[], keys: readonly (keyof Item)[]): unknown[][] =>
  keys.map((key) => items.map((item) => item[key]));

const valuesOf = ({ heads, after, upTo }: SessionRange, seal: Seal): readonly unknown[] => [
  ...columns<SessionHead>(heads, ['taskId', 'sessionId', 'length', 'hash']),
  ...[after?.taskId ?? FIRST, after?.sessionId ?? FIRST, upTo?.taskId ?? LAST, upTo?.sessionId ?? LAST],
  ...[seal.snapshot, seal.created, seal.unchained],
];

const sessionHead = ({ task_id, session_id, place, hash }: Row): Head => ({
  kind: 'session',
  taskId: task_id ?? '',
  sessionId: session_id ?? '',
  length: Number(place),
  hash: hash ?? '',
});

const slotHead = ({ task_id, phase, mode, generation, digest }: Row): Head => ({
  kind: 'slot',
  taskId: task_id ?? '',
  phase: phase ?? '',
  mode: mode ?? '',
  generation: Number(generation),
  digest: digest ?? '',
});
