import { type Check, finding, type Row } from '../check.ts';
import { eventHash } from './canonical-event.ts';
import type { ScopeSql } from './scope.ts';

/** Whether events from before migration 0023 may still be without a hash. Computed once per statement. */
export const STILL_CHAINING = `(exists (select 1 from event_chain_progress where finished_at is null))`;

/** Whether the events of a group, which are those of one session, have the places from 1 to their number. */
const PLACES_IN_ORDER = `
  (count(e.place) = 0 and count(e.hash) = 0 and ${STILL_CHAINING}
   or count(e.place) = count(*) and count(e.hash) = count(*) and min(e.place) = 1 and max(e.place) = count(*)
      and count(distinct e.place) = count(*))`;

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
        row.placed === row.events ? `its ${row.events} events do not have the places 1 to ${row.events}` : inChain(row),
    }),
  ],
});

const inChain = ({ placed, events }: Row): string =>
  placed === '0' ? `none of its ${events} events is in a chain` : `${placed} of its ${events} events are in its chain`;

/**
 * From the first event that carries what only migration 0024 records, each event was chained as it was written, and
 * then none has an earlier time than the one before it. Older events may, if the clock was set back.
 */
const GOES_BACK = `(max(e.place) filter (where e.earlier) >= min(e.place) filter (where e.detail ?| array['model', 'usage']))`;

const UNFIT = `(bool_and(e.fits is true) is not true and not (count(e.place) = 0 and count(e.hash) = 0 and ${STILL_CHAINING}))`;

/**
 * Computes every hash anew, and names the first event of a session that does not fit. If all fit, it names the last one
 * with an earlier time than the one before it.
 */
export const chainHashes = ({ inScope }: ScopeSql): Check => ({
  name: 'chain hashes',
  rules: ['SV601', 'SV213'],
  sql: `
    select e.session_id as id, e.session_id, e.task_id, count(*) as events, count(e.hash) as placed, ${UNFIT}::text as unfit,
           max(e.place) filter (where e.earlier) as earlier, min(e.nth) filter (where e.fits is not true) as nth,
           (array_agg(e.place order by e.nth) filter (where e.fits is not true))[1] as place
    from (
      select x.task_id, x.session_id, x.place, x.hash, x.detail, row_number() over chain as nth, x.at < lag(x.at) over chain as earlier,
             x.place = row_number() over chain and x.hash = ${eventHash('lag(x.hash) over chain', 'x')} as fits
      from session_events x where ${inScope('x')}
      window chain as (partition by x.task_id, x.session_id order by x.place, x.id)) e
    group by e.task_id, e.session_id
    having ${UNFIT} or ${GOES_BACK}`,
  read: (row) => {
    const about = { kind: 'session', id: row.id ?? null } as const;
    if (row.unfit === 'true')
      return [finding('SV601', row, { ...about, message: row.placed === row.events ? firstWrong(row) : inChain(row) })];
    return [
      finding('SV213', row, {
        ...about,
        message: `its event ${row.earlier} has an earlier time than the one before it`,
      }),
    ];
  },
});

const firstWrong = ({ nth, place, events }: Row): string =>
  place === nth
    ? `event ${nth} of ${events} does not have the hash of its content and of the event before it`
    : `event ${nth} of ${events} has the place ${place ?? '(none)'}`;

/** Counts the events that the purge worker has not chained yet. Once it has chained all, SV601 reports others. */
export const notChainedYet = ({ inScope }: ScopeSql): Check => ({
  name: 'not chained',
  rules: ['SV606'],
  sql: `
    select count(*) as events, count(distinct e.session_id) as sessions from session_events e
    where ${STILL_CHAINING} and e.hash is null and ${inScope('e')}
    having count(*) > 0`,
  read: (row) => [
    finding('SV606', row, {
      kind: 'object',
      id: 'session_events',
      message: `${row.events} events of ${row.sessions} sessions are not chained yet`,
    }),
  ],
});
