import { FAILED, LONGEST_RUN, LONGEST_WITHOUT, OLDEST_DUE } from '../../alerts/purge.ts';
import { JOBS } from '../../promql/jobs.ts';
import { chosen, most, quantile, rate, ratesOf, shareOf, sum } from '../expressions.ts';
import type { DashboardPlan, RowPlan } from '../plan.ts';

const OUTCOMES = {
  1: { text: 'failed', color: 'red' },
  2: { text: 'stalled', color: 'orange' },
  3: { text: 'running', color: 'blue' },
  4: { text: 'succeeded', color: 'green' },
} as const;

const lastRun = (outcome: 'succeeded' | 'failed' | 'running' | 'stalled'): string =>
  most(chosen('phaselock_archive_last_run_outcome', { outcome }));

export const purgeAndArchive = (): DashboardPlan => ({
  uid: 'phaselock-purge-and-archive',
  title: 'phaselock: purge and archive',
  description: 'Did the last run do its work, is anything left behind, and does the store take what it is given?',
  jobsOf: 'phaselock_archive_backlog',
  jobs: [JOBS.worker],
  rows: [now, runs, work, store],
});

const now: RowPlan = {
  title: 'Was it done?',
  height: 4,
  panels: [
    {
      kind: 'stat',
      title: 'Last run',
      description: 'Where the last run stands. stalled: it has not ended, and for minutes nobody has been at it.',
      unit: 'none',
      queries: [
        {
          expr: `${lastRun('failed')} + 2 * ${lastRun('stalled')} + 3 * ${lastRun('running')} + 4 * ${lastRun('succeeded')}`,
          legend: 'last run',
        },
      ],
      runbook: 'PhaselockPurgeHung',
      words: OUTCOMES,
      none: 'never ran',
    },
    {
      kind: 'stat',
      title: 'Since a success',
      description: 'How long ago a run ended without a failure.',
      unit: 's',
      queries: [
        {
          expr: `time() - ${most(chosen('phaselock_archive_last_success_timestamp_seconds'))}`,
          legend: 'ago',
        },
      ],
      runbook: 'PhaselockPurgeNeverRan',
      limit: { at: LONGEST_WITHOUT, bad: 'above' },
      none: 'never',
    },
    {
      kind: 'stat',
      title: 'Under way for',
      description: 'Since when the oldest run goes on that has not ended.',
      unit: 's',
      queries: [
        {
          expr: `time() - min(${chosen('phaselock_archive_oldest_unfinished_run_start_timestamp_seconds')})`,
          legend: 'for',
        },
      ],
      runbook: 'PhaselockPurgeSlow',
      limit: { at: LONGEST_RUN, bad: 'above' },
      none: 'none runs',
    },
    {
      kind: 'stat',
      title: 'Oldest that is due',
      description: 'For how long the longest waiting session has been due to be archived.',
      unit: 's',
      queries: [{ expr: most(chosen('phaselock_archive_oldest_due_age_seconds')), legend: 'due for' }],
      runbook: 'PhaselockPurgeBacklogOld',
      limit: { at: OLDEST_DUE, bad: 'above' },
      none: 'none is due',
    },
    {
      kind: 'stat',
      title: 'Dead letters',
      description: 'Sessions that could not be archived after the last retry, and nobody has dealt with.',
      unit: 'none',
      queries: [{ expr: most(chosen('phaselock_archive_dead_letters')), legend: 'there' }],
      runbook: 'PhaselockPurgeDeadLetters',
      limit: { at: 1, bad: 'above' },
    },
    {
      kind: 'stat',
      title: 'Failing',
      description: 'Share of tries to archive or purge a session that failed.',
      unit: 'percentunit',
      queries: [
        {
          expr: shareOf(
            [chosen('phaselock_archive_failures_total')],
            [chosen('phaselock_archive_failures_total'), chosen('phaselock_archive_sessions_archived_total')],
          ),
          legend: 'failed',
        },
      ],
      runbook: 'PhaselockPurgeFailing',
      limit: { at: FAILED, bad: 'above' },
      decimals: 1,
      none: 'quiet',
    },
  ],
};

const runs: RowPlan = {
  title: 'Runs and what waits for them',
  height: 7,
  panels: [
    {
      kind: 'timeseries',
      title: 'Backlog',
      description: 'Sessions that are due to be archived and are not. A run brings it to 0.',
      unit: 'short',
      queries: [{ expr: most(chosen('phaselock_archive_backlog')), legend: 'due' }],
      runbook: 'PhaselockPurgeBacklogOld',
      min: 0,
    },
    {
      kind: 'timeseries',
      title: 'Runs in progress',
      description: 'Runs, retries among them, that each worker is at.',
      unit: 'short',
      queries: [{ expr: sum(chosen('phaselock_archive_runs_in_progress'), 'instance'), legend: '{{instance}}' }],
      runbook: 'PhaselockPurgeHung',
      min: 0,
    },
    {
      kind: 'timeseries',
      title: 'Time of a run',
      description: 'How long runs took that ended, the median and the longest tenth.',
      unit: 's',
      queries: [0.5, 0.9].map((q) => ({
        expr: quantile(q, chosen('phaselock_archive_run_seconds_bucket')),
        legend: `p${q * 100}`,
      })),
      runbook: 'PhaselockPurgeSlow',
      limit: { at: LONGEST_RUN, bad: 'above' },
      min: 0,
      none: 'No run ended',
    },
  ],
};

const work: RowPlan = {
  title: 'What was done',
  height: 7,
  panels: [
    {
      kind: 'timeseries',
      title: 'Sessions',
      description: 'Archived: written, read back, found to be the same. Purged: deleted from the database after that.',
      unit: 'ops',
      queries: [
        { expr: sum(rate(chosen('phaselock_archive_sessions_archived_total'))), legend: 'archived' },
        { expr: sum(rate(chosen('phaselock_archive_sessions_purged_total'))), legend: 'purged' },
        { expr: sum(rate(chosen('phaselock_archive_sessions_changed_total'))), legend: 'changed meanwhile' },
        { expr: sum(rate(chosen('phaselock_archive_sessions_dead_total'))), legend: 'dead letters' },
      ],
      runbook: 'PhaselockPurgeBacklogOld',
      min: 0,
    },
    {
      kind: 'timeseries',
      title: 'Failures by reason',
      description:
        'Tries that failed, by what the store or the database said. Each session is tried up to three times more.',
      unit: 'ops',
      queries: [{ expr: ratesOf(chosen('phaselock_archive_failures_total'), 'code'), legend: '{{code}}' }],
      runbook: 'PhaselockPurgeFailing',
      min: 0,
      none: 'No failures',
    },
    {
      kind: 'timeseries',
      title: 'Sessions of a batch',
      description: 'The median batch. Small ones mean that little is due, or that the worker is held back.',
      unit: 'short',
      queries: [{ expr: quantile(0.5, chosen('phaselock_archive_batch_sessions_bucket')), legend: 'median' }],
      runbook: 'PhaselockPurgeSlow',
      min: 0,
      none: 'No batch',
    },
  ],
};

const store: RowPlan = {
  title: 'The store, and the worker',
  height: 7,
  panels: [
    {
      kind: 'timeseries',
      title: 'Written to the store',
      description: 'Bytes of the objects written.',
      unit: 'Bps',
      queries: [{ expr: sum(rate(chosen('phaselock_archive_bytes_total'))), legend: 'written' }],
      runbook: 'PhaselockPurgeFailing',
      min: 0,
    },
    {
      kind: 'timeseries',
      title: 'Objects removed',
      description: 'Objects whose retention was over, or that never became an archive.',
      unit: 'ops',
      queries: [{ expr: sum(rate(chosen('phaselock_archive_objects_removed_total'))), legend: 'removed' }],
      runbook: 'PhaselockPurgeFailing',
      min: 0,
    },
    {
      kind: 'timeseries',
      title: 'Memory of the worker',
      description:
        'What each worker has in memory. It reads one session at a time in parts, so it does not grow with them.',
      unit: 'bytes',
      queries: [{ expr: most(chosen('process_resident_memory_bytes'), 'instance'), legend: '{{instance}}' }],
      runbook: 'PhaselockMemoryHigh',
      min: 0,
    },
    {
      kind: 'state-timeline',
      title: 'Workers',
      description: 'Whether Prometheus can scrape each worker.',
      unit: 'none',
      queries: [{ expr: chosen('up'), legend: '{{instance}}' }],
      runbook: 'PhaselockWorkerDown',
      words: { 0: { text: 'down', color: 'red' }, 1: { text: 'up', color: 'green' } },
    },
  ],
};
