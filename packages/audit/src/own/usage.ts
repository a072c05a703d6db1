import type { Check } from '../check.ts';
import { BIRTHS } from './event-types.ts';
import { faultCheck, firstFault } from './fault-check.ts';
import type { ScopeSql } from './scope.ts';

export const TOTALS = ['input_tokens', 'output_tokens', 'turns', 'cost_usd_micros'] as const;

/** The service books no more than this on a session: the largest integer that JSON carries exactly. */
export const MOST_BOOKED = '9007199254740991';

export const usageCheck = ({ sessions }: ScopeSql): Check =>
  faultCheck({
    rule: 'SV305',
    name: 'usage',
    kind: 'session',
    sql: `
      select s.id, s.id as session_id, s.task_id, ${firstFault([
        [
          `least(${TOTALS.map((total) => `s.${total}, booked.least_${total}`).join(', ')}) < 0`,
          `'it, or a process of it, has a negative total'`,
        ],
        ...TOTALS.map(
          (total) =>
            [
              `s.${total} is distinct from least(${MOST_BOOKED}, booked.${total})`,
              `format('its ${total} are %s, those of its processes %s', s.${total}, booked.${total})`,
            ] as const,
        ),
      ])} as what
      from sessions s cross join lateral (
        select count(*) as processes, ${TOTALS.map((total) => `coalesce(sum(p.${total}), 0) as ${total}, min(p.${total}) as least_${total}`).join(', ')}
        from processes p where p.session_id = s.id) booked
      -- A session from before the guard may have been created with its usage.
      where ${sessions} and (booked.processes > 0 or s.generation > 0 or exists (
        select 1 from session_events b where b.task_id = s.task_id and b.session_id = s.id and b.type in ${BIRTHS}))`,
  });
