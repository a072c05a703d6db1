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
  description: 'Did the last run succeed, which sessions are still due, and do writes to the archive store succeed?',
  jobsOf: 'phaselock_archive_backlog',
  jobs: [JOBS.worker],
  rows: [now, runs, work, store],
});

const now: RowPlan = {
  title: 'Did the last run succeed?',
  height: 4,
  panels: [
    {
      kind: 'stat',
      title: 'Last run',
      description: 'State of the last run. stalled: it has not ended, and its worker has not reported for minutes.',
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
      title: 'Last success',
      description: 'How long ago a run last ended without a failure.',
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
      title: 'Running for',
      description: 'How long ago the oldest unfinished run began.',
      unit: 's',
      queries: [
        {
          expr: `time() - min(${chosen('phaselock_archive_oldest_unfinished_run_start_timestamp_seconds')})`,
          legend: 'for',
        },
      ],
      runbook: 'PhaselockPurgeSlow',
      limit: { at: LONGEST_RUN, bad: 'above' },
      none: 'no run',
    },
    {
      kind: 'stat',
      title: 'Oldest due session',
      description: 'How long the session that has waited longest has been due for archiving.',
      unit: 's',
      queries: [{ expr: most(chosen('phaselock_archive_oldest_due_age_seconds')), legend: 'due for' }],
      runbook: 'PhaselockPurgeBacklogOld',
      limit: { at: OLDEST_DUE, bad: 'above' },
      none: 'none is due',
    },
    {
      kind: 'stat',
      title: 'Dead letters',
      description: 'Sessions that could not be archived in any retry and that no operator has handled yet.',
      unit: 'none',
      queries: [{ expr: most(chosen('phaselock_archive_dead_letters')), legend: 'dead letters' }],
      runbook: 'PhaselockPurgeDeadLetters',
      limit: { at: 1, bad: 'above' },
    },
    {
      kind: 'stat',
      title: 'Failed attempts',
      description: 'Share of the attempts to archive or purge a session that failed.',
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
  title: 'Runs and backlog',
  height: 7,
  panels: [
    {
      kind: 'timeseries',
      title: 'Backlog',
      description: 'Sessions that are due for archiving. A run reduces the number to 0.',
      unit: 'short',
      queries: [{ expr: most(chosen('phaselock_archive_backlog')), legend: 'due' }],
      runbook: 'PhaselockPurgeBacklogOld',
      min: 0,
    },
    {
      kind: 'timeseries',
      title: 'Runs in progress',
      description: 'Runs, including retries, that each worker is working on.',
      unit: 'short',
      queries: [{ expr: sum(chosen('phaselock_archive_runs_in_progress'), 'instance'), legend: '{{instance}}' }],
      runbook: 'PhaselockPurgeHung',
      min: 0,
    },
    {
      kind: 'timeseries',
      title: 'Run time',
      description: 'Duration of finished runs: the median and the 90th percentile.',
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
  title: 'Work done',
  height: 7,
  panels: [
    {
      kind: 'timeseries',
      title: 'Sessions',
      description: 'Archived: written, read back and found identical. Purged: deleted from the database afterwards.',
      unit: 'ops',
      queries: [
        { expr: sum(rate(chosen('phaselock_archive_sessions_archived_total'))), legend: 'archived' },
        { expr: sum(rate(chosen('phaselock_archive_sessions_purged_total'))), legend: 'purged' },
        { expr: sum(rate(chosen('phaselock_archive_sessions_changed_total'))), legend: 'changed, archived again' },
        { expr: sum(rate(chosen('phaselock_archive_sessions_dead_total'))), legend: 'dead letters' },
      ],
      runbook: 'PhaselockPurgeBacklogOld',
      min: 0,
    },
    {
      kind: 'timeseries',
      title: 'Failures by reason',
      description:
        'Failed attempts, by the error of the store or the database. Each session is retried up to three times.',
      unit: 'ops',
      queries: [{ expr: ratesOf(chosen('phaselock_archive_failures_total'), 'code'), legend: '{{code}}' }],
      runbook: 'PhaselockPurgeFailing',
      min: 0,
      none: 'No failures',
    },
    {
      kind: 'timeseries',
      title: 'Batch size',
      description: 'The median number of sessions in a batch. Small batches mean that few sessions are due.',
      unit: 'short',
      queries: [{ expr: quantile(0.5, chosen('phaselock_archive_batch_sessions_bucket')), legend: 'median' }],
      runbook: 'PhaselockPurgeSlow',
      min: 0,
      none: 'No batch',
    },
  ],
};

const store: RowPlan = {
  title: 'Archive store and workers',
  height: 7,
  panels: [
    {
      kind: 'timeseries',
      title: 'Written to the store',
      description: 'Bytes of the objects written to the archive store.',
      unit: 'Bps',
      queries: [{ expr: sum(rate(chosen('phaselock_archive_bytes_total'))), legend: 'written' }],
      runbook: 'PhaselockPurgeFailing',
      min: 0,
    },
    {
      kind: 'timeseries',
      title: 'Objects removed',
      description: 'Objects removed because their retention had ended, or because they never became an archive.',
      unit: 'ops',
      queries: [{ expr: sum(rate(chosen('phaselock_archive_objects_removed_total'))), legend: 'removed' }],
      runbook: 'PhaselockPurgeFailing',
      min: 0,
    },
    {
      kind: 'timeseries',
      title: 'Memory of the worker',
      description:
        'Resident memory of each worker. It does not grow with the sessions, because a worker reads each one in parts.',
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
