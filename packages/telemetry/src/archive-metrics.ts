import { STORE_FAILURES, type StoreFailureCode } from '@phaselock/core';
import type { HistogramSpec, MetricSpec } from './metric-specs.ts';

/** Why a session could not be archived. */
export type ArchiveFailureCode = StoreFailureCode | 'unexpected';
const ARCHIVE_FAILURES: readonly ArchiveFailureCode[] = [...STORE_FAILURES, 'unexpected'];

const MINUTE = 60;
const HOUR = 3_600;

/** Metrics of the purge worker. */
export const ARCHIVE_COUNTERS = {
  archived: {
    name: 'phaselock_archive_sessions_archived_total',
    help: 'Sessions that were written to the store, read back and found to be the same.',
    labels: {},
  },
  bytes: { name: 'phaselock_archive_bytes_total', help: 'Bytes of the objects written for them.', labels: {} },
  failures: {
    name: 'phaselock_archive_failures_total',
    help: 'Times a session could not be archived or purged, or a store not be used, by reason. It is tried again, up to three times.',
    labels: { code: ARCHIVE_FAILURES },
  },
  dead: {
    name: 'phaselock_archive_sessions_dead_total',
    help: 'Sessions laid with the dead letters after their last retry.',
    labels: {},
  },
  changed: {
    name: 'phaselock_archive_sessions_changed_total',
    help: 'Sessions that changed while or after they were archived, and are archived again.',
    labels: {},
  },
  purged: {
    name: 'phaselock_archive_sessions_purged_total',
    help: 'Archived sessions that were deleted from the database.',
    labels: {},
  },
  removed: {
    name: 'phaselock_archive_objects_removed_total',
    help: 'Objects removed from the store: their retention was over, or they never became an archive.',
    labels: {},
  },
} as const satisfies Record<string, MetricSpec>;

export const ARCHIVE_HISTOGRAMS = {
  run: {
    name: 'phaselock_archive_run_seconds',
    help: 'Time of a whole run, from its start to the end of its last worker.',
    labels: {},
    buckets: [1, 10, MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR, 6 * HOUR, 12 * HOUR],
  },
  batch: {
    name: 'phaselock_archive_batch_sessions',
    help: 'Sessions of a batch.',
    labels: {},
    buckets: [1, 10, 50, 100, 250, 500, 1_000],
  },
} as const satisfies Record<string, HistogramSpec>;

/** Of what this worker does now. */
export const ARCHIVE_GAUGES = {
  running: {
    name: 'phaselock_archive_runs_in_progress',
    help: 'Runs, retries among them, that this worker is at.',
    labels: {},
  },
} as const satisfies Record<string, MetricSpec>;

/** Where the last run stands. `stalled`: it has not ended, and for minutes nobody has been at it. */
export const RUN_OUTCOMES = ['succeeded', 'failed', 'running', 'stalled'] as const;
export type RunOutcome = (typeof RUN_OUTCOMES)[number];

/** As the database knows it, whichever worker did it: absent for what never was, and all of them while the database does not answer. */
export const ARCHIVE_STANDING_GAUGES = {
  backlog: { name: 'phaselock_archive_backlog', help: 'Sessions that are due to be archived and are not.' },
  oldestDue: {
    name: 'phaselock_archive_oldest_due_age_seconds',
    help: 'For how long the longest waiting of them has been due. Absent when none is.',
  },
  deadLetters: { name: 'phaselock_archive_dead_letters', help: 'Dead letters nobody has dealt with.' },
  lastSuccess: {
    name: 'phaselock_archive_last_success_timestamp_seconds',
    help: 'When a run last ended without a failure. Absent before the first one.',
  },
  lastRunStart: {
    name: 'phaselock_archive_last_run_start_timestamp_seconds',
    help: 'When the last run began. Absent before the first one.',
  },
  lastRunEnd: {
    name: 'phaselock_archive_last_run_end_timestamp_seconds',
    help: 'When a run last ended, whatever came of it. Absent before the first one did.',
  },
  oldestUnfinished: {
    name: 'phaselock_archive_oldest_unfinished_run_start_timestamp_seconds',
    help: 'When the oldest run began that has not ended and was not given up. Absent when there is none.',
  },
} as const;

export const LAST_RUN_OUTCOME = {
  name: 'phaselock_archive_last_run_outcome',
  help: 'Where the last run stands: 1 for the one that holds. Absent before the first run.',
} as const;
