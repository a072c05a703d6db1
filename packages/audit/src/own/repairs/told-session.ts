import { eventHash } from '../canonical-event.ts';

/** A row or a part of an event: every value is the text that PostgreSQL prints, so that it can be written back. */
export type Values = Readonly<Record<string, string | null>>;

/** An event of a session, or the event of another session that replaced it. */
export type ToldEvent = {
  readonly event: Values;
  readonly detail: Values;
  /** The model in the detail: at the start, or after the session was kept for another one. */
  readonly model: Values | null;
  readonly usage: Values | null;
  /** Of a collapsed session: the session that took its slot. */
  readonly into: string | null;
};

/** A session with its processes and events, as one snapshot shows them. */
export type ToldSession = {
  readonly session: Values;
  readonly processes: readonly Values[];
  /** In the order of their ids. */
  readonly events: readonly ToldEvent[];
  readonly archived: boolean;
  /** Events that are not chained yet, and events that do not fit their chain, of it and of the session after it. */
  readonly unchained: number;
  readonly unfit: number;
  /** A day after the audit. Times are printed in UTC, so that their order is that of their texts. */
  readonly tomorrow: string;
};

const texts = (json: string): string =>
  `(select coalesce(jsonb_object_agg(j.key, j.value #>> '{}'), '{}') from jsonb_each(${json}) j)`;
const textsOrNull = (json: string): string => `case jsonb_typeof(${json}) when 'object' then ${texts(json)} end`;

/** The first session that took the slot after the event `e` of a collapsed one, which was recorded with it. */
const INTO = `
  select n.session_id from session_events n
  where e.type = 'deleted' and e.reason = 'collapsed' and n.task_id = e.task_id and (n.phase, n.mode) = (e.phase, e.mode)
    and n.type in ('adopted', 'replaced') and n.id > e.id order by n.id limit 1`;

/** $1: the id of the session. Events are looked up by the task, for the index. */
export const TOLD_SESSION = `
  with own as materialized (select * from sessions where id = $1::uuid),
  around as materialized (
    select e.*, (${INTO}) as taken_by from session_events e
    where e.task_id = (select task_id from own) and (e.session_id = $1::uuid or e.type = 'replaced' and e.predecessor_id = $1::uuid)),
  chained as (
    select x.id, x.session_id, x.hash is null or x.place is null as unchained,
           -- The id is not part of the hash, and the events are read in the order of their ids.
           (x.place = row_number() over chain and x.hash = ${eventHash('lag(x.hash) over chain', 'x')}
            and x.place = row_number() over (partition by x.session_id order by x.id)) is not true as unfit
    from session_events x
    where x.task_id = (select task_id from own) and x.session_id in (select session_id from around union select taken_by from around)
    window chain as (partition by x.session_id order by x.place, x.id))
  select jsonb_build_object(
    'session', ${texts('to_jsonb(own)')},
    'processes', (select coalesce(jsonb_agg(${texts('to_jsonb(p)')} order by p.seq, p.id), '[]') from processes p where p.session_id = own.id),
    'events', (select coalesce(jsonb_agg(jsonb_build_object(
        'event', ${texts(`to_jsonb(e) - 'detail'`)},
        'detail', coalesce(${textsOrNull('e.detail')}, '{}'),
        'model', ${textsOrNull(`coalesce(e.detail -> 'current', e.detail -> 'model')`)},
        'usage', ${textsOrNull(`e.detail -> 'usage'`)},
        'into', e.taken_by) order by e.id), '[]') from around e),
    'archived', own.archived_at is not null or exists (select 1 from archives r where r.session_id = own.id),
    'unchained', (select count(*) from chained where unchained),
    'unfit', (select count(*) from chained where unfit and not unchained),
    'tomorrow', now() + interval '1 day')::text as told
  from own`;
