import { JOBS } from '../promql/jobs.ts';
import { series } from '../promql/series.ts';
import { DAY, durationText, HOUR, MINUTE } from '../rules/durations.ts';
import type { AlertGroup } from './alert.ts';
import { shareAbove } from './share-above.ts';

const worker = { job: JOBS.worker } as const;
/** The specification: "Alert if the job fails to complete within 6 hours or if the error rate exceeds 5 %." */
export const LONGEST_RUN = 6 * HOUR;
/** The highest allowed share of failed attempts, from the same sentence. */
export const FAILED = 0.05;
/** The longest time without a successful run: a day between two runs, and two hours of grace. */
export const LONGEST_WITHOUT = 26 * HOUR;
/** The longest time that a session may be due for archiving. */
export const OLDEST_DUE = 2 * DAY;

const LAST_SUCCESS = series('phaselock_archive_last_success_timestamp_seconds', worker);

/**
 * The purge worker. Every worker exposes the state of all runs, which it reads from the database. The workers differ
 * only in when they read it, so each rule takes one value: the worst, or the latest success.
 */
export const PURGE: AlertGroup = {
  name: 'phaselock-purge',
  alerts: [
    {
      name: 'PhaselockPurgeSlow',
      severity: 'ticket',
      summary: 'A purge run takes too long',
      condition: ({ seconds }) => ({
        expr: `time() - min by (job) (${series('phaselock_archive_oldest_unfinished_run_start_timestamp_seconds', worker)}) > ${seconds(LONGEST_RUN)}`,
        description: `A purge run began {{ $value | humanizeDuration }} ago and has not ended. The limit is ${durationText(LONGEST_RUN)}.`,
      }),
    },
    {
      name: 'PhaselockPurgeHung',
      severity: 'ticket',
      summary: 'A purge run has stalled',
      condition: () => ({
        expr: `max by (job) (${series('phaselock_archive_last_run_outcome', { outcome: 'stalled', ...worker })}) == 1`,
        for: 5 * MINUTE,
        description:
          'The last purge run has not ended, and its worker has not reported for minutes: it was killed or hangs.',
      }),
    },
    {
      name: 'PhaselockPurgeFailing',
      severity: 'ticket',
      summary: 'Archiving of sessions fails',
      condition: (context) => ({
        expr: shareAbove(context, {
          indicator: 'purge',
          window: LONGEST_RUN,
          limit: FAILED,
          // Below the usual minimums, because an installation that deletes few sessions has few events. A session that
          // keeps failing is tried four times, which is enough for these.
          leastBad: 2,
          leastEvents: 2,
        }),
        description:
          '{{ $value | humanizePercentage }} of the attempts of the last 6 hours to archive or purge a session failed.',
      }),
    },
    {
      name: 'PhaselockPurgeNeverRan',
      severity: 'ticket',
      summary: 'No purge run has succeeded for more than a day',
      // Before the first success, the alert stays silent until a worker has been a scrape target for LONGEST_WITHOUT.
      // While the database is down the metric is missing, so the rule uses its last value.
      condition: ({ seconds, range }) => {
        const longest = seconds(LONGEST_WITHOUT);
        const ago = range(LONGEST_WITHOUT);
        const known = `max by (job) (last_over_time(${LAST_SUCCESS}[${ago}]))`;
        return {
          expr: `time() - ${known} > ${longest} or (max by (job) (${series('up', worker)} offset ${ago}) * 0 + ${longest} unless on (job) ${known})`,
          description:
            'The last successful purge run ended {{ $value | humanizeDuration }} ago, or there was none in that time since the worker was installed. One a day is planned.',
        };
      },
    },
    {
      name: 'PhaselockPurgeDeadLetters',
      severity: 'ticket',
      summary: 'Purge dead letters: sessions not archived after the last retry',
      condition: () => ({
        expr: `max by (job) (${series('phaselock_archive_dead_letters', worker)}) > 0`,
        for: 5 * MINUTE,
        description:
          '{{ $value }} sessions could not be archived in any of their retries. They stay in the database, and are not tried again before `purge-worker dlq retry`.',
      }),
    },
    {
      name: 'PhaselockPurgeBacklogOld',
      severity: 'ticket',
      summary: 'The purge backlog is old',
      condition: ({ seconds }) => ({
        expr: `max by (job) (${series('phaselock_archive_oldest_due_age_seconds', worker)}) > ${seconds(OLDEST_DUE)}`,
        for: 15 * MINUTE,
        description: `The oldest session due for archiving has been due for {{ $value | humanizeDuration }}. The limit is ${durationText(OLDEST_DUE)}; each daily run should leave none.`,
      }),
    },
  ],
};
