import { JOBS } from '../promql/jobs.ts';
import { series } from '../promql/series.ts';
import { MINUTE } from '../rules/durations.ts';
import type { AlertGroup } from './alert.ts';
import { shareAbove } from './share-above.ts';

const api = { job: JOBS.api } as const;
/** The share of failed or bypassed Redis operations above which Redis counts as unavailable. */
export const AWAY = 0.05;
/** The age above which an instance's last read of the flags is too old. */
export const OLD_READ_SECONDS = 30;
const VERSION = series('phaselock_flag_version', api);
const READ_AGE = series('phaselock_flag_read_age_seconds', api);

export const CACHE_AND_FLAGS: AlertGroup = {
  name: 'phaselock-cache-and-flags',
  alerts: [
    {
      name: 'PhaselockRedisAway',
      severity: 'ticket',
      summary: 'Redis or the invalidation bus is unavailable: snapshots are not used',
      // While the invalidation bus is down, the API does not query Redis, so no query fails. While the bus is healthy,
      // or where there is none, the failure counters show that Redis is unavailable.
      condition: (context) => {
        const share = { window: 5 * MINUTE, limit: AWAY };
        return {
          expr: [
            `${series('phaselock_invalidation_bus_healthy', api)} == 0`,
            shareAbove(context, { indicator: 'redis', ...share }),
            shareAbove(context, { indicator: 'invalidations', ...share }),
          ].join(' or '),
          for: 10 * MINUTE,
          description:
            '{{ if $labels.bus }}The invalidation bus ({{ $labels.bus }}) of {{ $labels.instance }} has been down for 10 minutes{{ else }}{{ $value | humanizePercentage }} of the operations on Redis ({{ $labels.sli }}) of 5 minutes failed or were bypassed, for 10 minutes{{ end }}. Answers stay correct: they come from the database, whose load rises.',
        };
      },
    },
    {
      name: 'PhaselockFlagDivergence',
      severity: 'page',
      summary: 'Instances have different versions of the flag {{ $labels.flag }}',
      condition: () => ({
        expr: `max by (job, flag) (${VERSION}) - min by (job, flag) (${VERSION}) > 0`,
        for: 2 * MINUTE,
        description:
          'For 2 minutes the versions of {{ $labels.flag }} on the instances have differed by up to {{ $value }}: a change or a kill has not reached every instance.',
      }),
    },
    {
      name: 'PhaselockFlagsUnread',
      severity: 'ticket',
      summary: '{{ $labels.instance }} does not read its flags',
      condition: ({ seconds }) => ({
        expr: `${READ_AGE} > ${seconds(OLD_READ_SECONDS)} or (${series('up', api)} == 1 unless on (job, instance) ${READ_AGE})`,
        for: MINUTE,
        description: `{{ $labels.instance }} last read its flags more than ${OLD_READ_SECONDS} s ago, or never. A kill switch does not reach it.`,
      }),
    },
  ],
};
