import { BIRTHS, tellsLoss } from '../event-types.ts';
import { atHash, birthHash, endHash } from './fact-hashes.ts';
import { REASONS, reasonBit } from './facts-of-turns.ts';

/** Facts that a session has at most once, as bits: then their sum is what they are combined with OR. */
export const ONCE = { born: 1, ended: 1 << 7, closed: 1 << 14, adopted: 1 << 21 } as const;

/**
 * The statuses with which a session was closed, a birth in the slot, a birth with its model (from migration 0024 on), and
 * that the session was kept. `reasonBit` has the bits between 4 and 32.
 */
export const LIFE = {
  completed: 1 << 8,
  failed: 1 << 9,
  stopped: 1 << 10,
  bornInSlot: 1 << 11,
  bornWithModel: 1 << 12,
  kept: 1 << 13,
} as const;

/** A creation event with another reason has no counterpart in the row of its session. */
const BORN_RIGHTLY = `
  case e.type when 'replaced' then e.reason in (${REASONS.map((reason) => `'${reason}'`).join(', ')}) else e.reason = 'first' end`;

/**
 * One row per session with events other than starts and ends of its processes. The event of a replacement is the birth
 * of one session and the end of another.
 */
export const LIVES_TOLD = `
  select session_id, bit_xor(fact) as life_fact, bit_or(once) as once, sum(once) as times_once, bit_or(flags) as life,
         min(id) filter (where once = ${ONCE.born}) as born, max(id) filter (where once = ${ONCE.closed}) as closed, max(id) filter (where living) as living,
         min(id) filter (where once = ${ONCE.ended}) as gone, max(at) filter (where once = ${ONCE.ended}) as gone_at, max(at) filter (where once = ${ONCE.closed}) as closed_at, max(later) as later,
         max(at) filter (where lost) as lost_at, sum(changes) as other_changes, bool_or(purged) as purged
  from (
    select x.session_id, e.id, e.at, ${tellsLoss} as lost, false as purged,
           case when x.ends then e.generation end as later,
           not x.ends and e.type in ('closed', 'kept') as living,
           -- A \`turn-lost\` may share its version with the change that found the loss, so it does not count like other losses.
           case when not x.ends then case when e.type in ('closed', 'kept', 'adopted') then 1 when e.type = 'turn-lost' then -1 end end as changes,
           case when x.ends or e.type = 'deleted' then ${endHash('e', 'e.reason', `case when x.ends then e.session_id end`)}
                when e.type in ${BIRTHS} and ${BORN_RIGHTLY}
                then ${birthHash({ type: 'e.type', predecessor: 'e.predecessor_id', actor: 'e.actor', at: atHash('e.at') })} end as fact,
           case when x.ends or e.type = 'deleted' then ${ONCE.ended} when e.type in ${BIRTHS} then ${ONCE.born}
                when e.type = 'closed' then ${ONCE.closed} when e.type = 'adopted' then ${ONCE.adopted} end as once,
           case when x.ends then null
                when e.type in ${BIRTHS}
                then case when e.type in ('created', 'replaced') then ${LIFE.bornInSlot} | ${reasonBit('e.reason', '0')} else 0 end
                     | case when e.detail ? 'model' then ${LIFE.bornWithModel} else 0 end
                when e.type = 'kept' then ${LIFE.kept}
                when e.type = 'closed' then case e.reason when 'completed' then ${LIFE.completed} when 'failed' then ${LIFE.failed} when 'stopped' then ${LIFE.stopped} end
           end as flags
    from session_events e cross join lateral (
      values (e.session_id, false), (case when e.type = 'replaced' then e.predecessor_id end, true)) x(session_id, ends)
    where (e.type not in ('turn-started', 'turn-finished') or e.reason = 'lost' or e.type is null) and (not x.ends or x.session_id is not null)
    union all
    -- A purged session must have its events.
    select r.session_id, null, null, null, true, null, null, null, null, null, null from archives r where r.purged_at is not null
  ) facts group by session_id`;
