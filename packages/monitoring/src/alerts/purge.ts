import { JOBS } from '../promql/jobs.ts';
import { series } from '../promql/series.ts';
import { DAY, HOUR, MINUTE } from '../rules/durations.ts';
import type { AlertGroup } from './alert.ts';
import { shareAbove } from './share-above.ts';

const worker = { job: JOBS.worker } as const;
/** "Alert if the job fails to complete within 6 hours or if the error rate exceeds 5 %." */
const LONGEST_RUN = 6 * HOUR;
const FAILED = 0.05;
/** A day between two runs, and two hours of grace. */
const LONGEST_WITHOUT = 26 * HOUR;
const OLDEST_DUE = 2 * DAY;

const LAST_SUCCESS = series('phaselock_archive_last_success_timestamp_seconds', worker);

/** Every worker tells what the database knows of all of them, so any one of them will do, and the worst is taken. */
export const PURGE: AlertGroup = {
  name: 'phaselock-purge',
  alerts: [
    {
      name: 'PhaselockPurgeSlow',
      severity: 'ticket',
      summary: 'A purge does not end',
      condition: ({ seconds }) => ({
        expr: `time() - min by (job) (${series('phaselock_archive_oldest_unfinished_run_start_timestamp_seconds', worker)}) > ${seconds(LONGEST_RUN)}`,
        description: 'A run began {{ $value | humanizeDuration }} ago and has not ended. It may take 6 hours.',
      }),
    },
    {
      name: 'PhaselockPurgeHung',
      severity: 'ticket',
      summary: 'A purge has stopped in the middle',
      condition: () => ({
        expr: `max by (job) (${series('phaselock_archive_last_run_outcome', { outcome: 'stalled', ...worker })}) == 1`,
        for: 5 * MINUTE,
        description: 'The last run has not ended, and no worker has been at it for minutes: its worker died or hangs.',
      }),
    },
    {
      name: 'PhaselockPurgeFailing',
      severity: 'ticket',
      summary: 'Sessions cannot be archived',
      condition: (context) => ({
        expr: shareAbove(context, {
          indicator: 'purge',
          window: LONGEST_RUN,
          limit: FAILED,
          // A purge is small where little is deleted, and one session alone is tried four times.
          leastBad: 2,
          leastEvents: 2,
        }),
        description:
          '{{ $value | humanizePercentage }} of the tries of the last 6 hours to archive or purge a session failed.',
      }),
    },
    {
      name: 'PhaselockPurgeNeverRan',
      severity: 'ticket',
      summary: 'No purge has succeeded for more than a day',
      // Without any success it is quiet until a worker has been known for so long. While the database is away nothing is said of it, and what was said last holds.
      condition: ({ seconds, range }) => {
        const longest = seconds(LONGEST_WITHOUT);
        const ago = range(LONGEST_WITHOUT);
        const known = `max by (job) (last_over_time(${LAST_SUCCESS}[${ago}]))`;
        return {
          expr: `time() - ${known} > ${longest} or (max by (job) (${series('up', worker)} offset ${ago}) * 0 + ${longest} unless on (job) ${known})`,
          description:
            'The last run without a failure is {{ $value | humanizeDuration }} ago, or there was none since the worker was installed. One a day is planned.',
        };
      },
    },
    {
      name: 'PhaselockPurgeDeadLetters',
      severity: 'ticket',
      summary: 'Sessions were given up by the purge',
      condition: () => ({
        expr: `max by (job) (${series('phaselock_archive_dead_letters', worker)}) > 0`,
        for: 5 * MINUTE,
        description:
          '{{ $value }} sessions could not be archived after their last retry. They stay in the database until somebody has looked at them.',
      }),
    },
    {
      name: 'PhaselockPurgeBacklogOld',
      severity: 'ticket',
      summary: 'Deleted sessions wait for days to be archived',
      condition: ({ seconds }) => ({
        expr: `max by (job) (${series('phaselock_archive_oldest_due_age_seconds', worker)}) > ${seconds(OLDEST_DUE)}`,
        for: 15 * MINUTE,
        description:
          'The session that has waited longest has been due for {{ $value | humanizeDuration }}. Each daily run should leave none.',
      }),
    },
  ],
};
