import { JOBS } from '../promql/jobs.ts';
import { series } from '../promql/series.ts';
import { MINUTE } from '../rules/durations.ts';
import type { AlertGroup } from './alert.ts';
import { shareAbove } from './share-above.ts';

const api = { job: JOBS.api } as const;
export const AWAY = 0.05;
export const OLD_READ_SECONDS = 30;
const VERSION = series('phaselock_flag_version', api);
const READ_AGE = series('phaselock_flag_read_age_seconds', api);

export const CACHE_AND_FLAGS: AlertGroup = {
  name: 'phaselock-cache-and-flags',
  alerts: [
    {
      name: 'PhaselockRedisAway',
      severity: 'ticket',
      summary: 'Snapshots are not used, or Redis fails',
      // While no word of changes arrives, Redis is not asked at all, and nothing fails; it may also be a cache alone, or fail for some commands.
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
            '{{ if $labels.bus }}For 10 minutes {{ $labels.instance }} has heard nothing over {{ $labels.bus }}{{ else }}For 10 minutes {{ $value | humanizePercentage }} ({{ $labels.sli }}) have failed{{ end }}. Answers stay right and come from the database, which has more to do.',
        };
      },
    },
    {
      name: 'PhaselockFlagDivergence',
      severity: 'page',
      summary: 'Instances go by different states of {{ $labels.flag }}',
      condition: () => ({
        expr: `max by (job, flag) (${VERSION}) - min by (job, flag) (${VERSION}) > 0`,
        for: 2 * MINUTE,
        description:
          'For 2 minutes the versions of {{ $labels.flag }} in force have been up to {{ $value }} apart: a kill or a change has not reached every instance.',
      }),
    },
    {
      name: 'PhaselockFlagsUnread',
      severity: 'ticket',
      summary: '{{ $labels.instance }} does not learn of changes of flags',
      condition: ({ seconds }) => ({
        expr: `${READ_AGE} > ${seconds(OLD_READ_SECONDS)} or (${series('up', api)} == 1 unless on (job, instance) ${READ_AGE})`,
        for: MINUTE,
        description:
          '{{ $labels.instance }} has not read its flags for more than 30 s, or not at all. A kill switch would not reach it.',
      }),
    },
  ],
};
