import { type Check, finding } from '../check.ts';
import { eventHash } from './canonical-event.ts';
import type { ScopeSql } from './scope.ts';
import { PLACES_IN_ORDER } from './sieves/events.ts';

/** Compares the number and the places of the events, without computing hashes. */
export const chainPlaces = ({ inScope }: ScopeSql): Check => ({
  name: 'chain places',
  rules: ['SV601'],
  sql: `
    select e.session_id as id, e.session_id, e.task_id, count(*) as events, count(e.place) as placed
    from session_events e where ${inScope('e')} group by e.task_id, e.session_id having ${PLACES_IN_ORDER} is not true`,
  read: (row) => [
    finding('SV601', row, {
      kind: 'session',
      id: row.id ?? null,
      message:
        row.placed === row.events
          ? `its ${row.events} events do not have the places 1 to ${row.events}`
          : `${row.placed} of its ${row.events} events have a place in its chain`,
    }),
  ],
});

/** Computes every hash anew, and names the first event of a session that does not fit. */
export const chainHashes = ({ inScope }: ScopeSql): Check => ({
  name: 'chain hashes',
  rules: ['SV601'],
  sql: `
    select e.session_id as id, e.session_id, e.task_id, count(*) as events, min(e.nth) filter (where (e.fits) is not true) as nth,
           (array_agg(e.place order by e.nth) filter (where (e.fits) is not true))[1] as place
    from (
      select x.task_id, x.session_id, x.place, x.hash, row_number() over chain as nth,
             x.place = row_number() over chain and x.hash = ${eventHash('lag(x.hash) over chain', 'x')} as fits
      from session_events x where ${inScope('x')}
      window chain as (partition by x.task_id, x.session_id order by x.place, x.id)) e
    group by e.task_id, e.session_id
    having bool_and((e.fits) is true) is not true and count(e.place) + count(e.hash) > 0`,
  read: (row) => [
    finding('SV601', row, {
      kind: 'session',
      id: row.id ?? null,
      message:
        row.place === row.nth
          ? `event ${row.nth} of ${row.events} does not have the hash of its content and of the event before it`
          : `event ${row.nth} of ${row.events} has the place ${row.place ?? '(none)'}`,
    }),
  ],
});

/**
 * Counts events that are not chained. When the purge worker has chained all events from before migration 0023, only an
 * audit that computes all hashes looks for them.
 */
export const notChainedYet = ({ inScope }: ScopeSql, rehashes: boolean): Check => ({
  name: 'not chained',
  rules: ['SV606'],
  sql: `
    select count(*) as events, count(distinct e.session_id) as sessions from session_events e
    where ${rehashes ? 'true' : '(select bool_and(finished_at is not null) from event_chain_progress) is not true'}
      and e.hash is null and ${inScope('e')}
    having count(*) > 0`,
  read: (row) => [
    finding('SV606', row, {
      kind: 'object',
      id: 'session_events',
      message: `${row.events} events of ${row.sessions} sessions are not chained yet`,
    }),
  ],
});
