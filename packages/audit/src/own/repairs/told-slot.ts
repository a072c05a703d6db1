import { eventHash } from '../canonical-event.ts';
import type { Values } from './told-session.ts';

/** A slot, the sessions that hold it according to the events, and those that are live according to their rows. */
export type ToldSlot = {
  readonly slot: Values | null;
  /** Newest first. */
  readonly holders: readonly { readonly id: string; readonly generation: number }[];
  readonly live: readonly { readonly id: string; readonly version: number }[];
  /** The highest generation in the events, and in the rows and tombstones of sessions. */
  readonly told: number;
  readonly recorded: number;
  /** Events of the holders that are not chained yet, or do not fit their chain. */
  readonly unchained: number;
  readonly unfit: number;
};

/** $1, $2, $3: task, phase and mode. An end counts in whichever slot it is recorded. */
export const TOLD_SLOT = `
  with events as materialized (select * from session_events where task_id = $1::uuid),
  births as (
    select e.session_id, max(e.generation) as generation, max(e.id) as id from events e
    where (e.phase, e.mode) = ($2, $3) and (e.type in ('created', 'replaced') and e.generation > 0 or e.type = 'adopted') group by e.session_id),
  holders as (
    select b.* from births b where not exists (
      select 1 from events e where e.type = 'deleted' and e.session_id = b.session_id or e.type = 'replaced' and e.predecessor_id = b.session_id)),
  chained as (
    select x.hash is null or x.place is null as unchained,
           (x.place = row_number() over chain and x.hash = ${eventHash('lag(x.hash) over chain', 'x')}) is not true as unfit
    from events x where x.session_id in (select session_id from holders) window chain as (partition by x.session_id order by x.place, x.id))
  select jsonb_build_object(
    'slot', (select jsonb_build_object('generation', g.generation::text, 'version', g.version::text, 'live_session_id', g.live_session_id)
             from slots g where (g.task_id, g.phase, g.mode) = ($1::uuid, $2, $3)),
    'holders', (select coalesce(jsonb_agg(jsonb_build_object('id', session_id, 'generation', generation) order by generation desc, id desc), '[]') from holders),
    'live', (select coalesce(jsonb_agg(jsonb_build_object('id', s.id, 'version', s.version)), '[]') from sessions s
             where (s.task_id, s.phase, s.mode) = ($1::uuid, $2, $3) and s.guarded and s.deleted_at is null),
    'told', (select coalesce(max(generation), 0) from births),
    'recorded', greatest(
      (select max(s.generation) from sessions s where (s.task_id, s.phase, s.mode) = ($1::uuid, $2, $3)),
      (select max(r.generation) from archives r where (r.task_id, r.phase, r.mode) = ($1::uuid, $2, $3)), 0),
    'unchained', (select count(*) from chained where unchained),
    'unfit', (select count(*) from chained where unfit and not unchained))::text as told`;
