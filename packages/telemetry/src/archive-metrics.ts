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
    help: 'Sessions that were written to the archive store, read back and found identical.',
    labels: {},
  },
  bytes: { name: 'phaselock_archive_bytes_total', help: 'Bytes of the objects of archived sessions.', labels: {} },
  failures: {
    name: 'phaselock_archive_failures_total',
    help: 'Failed attempts to archive or purge a session, or to use the store, by reason. A session is retried up to three times.',
    labels: { code: ARCHIVE_FAILURES },
  },
  dead: {
    name: 'phaselock_archive_sessions_dead_total',
    help: 'Sessions that became dead letters after their last retry.',
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
    help: 'Objects removed from the store because their retention ended, or because they never became an archive.',
    labels: {},
  },
} as const satisfies Record<string, MetricSpec>;

export const ARCHIVE_HISTOGRAMS = {
  run: {
    name: 'phaselock_archive_run_seconds',
    help: 'Duration of a run, from its start to the end of its last lane.',
    labels: {},
    buckets: [1, 10, MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR, 6 * HOUR, 12 * HOUR],
  },
  batch: {
    name: 'phaselock_archive_batch_sessions',
    help: 'Sessions per batch.',
    labels: {},
    buckets: [1, 10, 50, 100, 250, 500, 1_000],
  },
} as const satisfies Record<string, HistogramSpec>;

/** The current work of this worker. */
export const ARCHIVE_GAUGES = {
  running: {
    name: 'phaselock_archive_runs_in_progress',
    help: 'Lanes of runs, including retries, that this worker is processing.',
    labels: {},
  },
} as const satisfies Record<string, MetricSpec>;

/** The state of the last run. `stalled`: it has not ended, and no worker has reported on it for minutes. */
export const RUN_OUTCOMES = ['succeeded', 'failed', 'running', 'stalled'] as const;
export type RunOutcome = (typeof RUN_OUTCOMES)[number];

/**
 * Gauges read from the database, for the runs of all workers. A gauge without a value is absent, and all are while the
 * database does not answer.
 */
export const ARCHIVE_STANDING_GAUGES = {
  backlog: { name: 'phaselock_archive_backlog', help: 'Sessions that are due to be archived.' },
  oldestDue: {
    name: 'phaselock_archive_oldest_due_age_seconds',
    help: 'How long the oldest session that is due to be archived has been due. Absent when none is due.',
  },
  deadLetters: { name: 'phaselock_archive_dead_letters', help: 'Dead letters that an operator must retry or discard.' },
  tasksToChain: {
    name: 'phaselock_event_chain_tasks_left',
    help: 'Tasks whose events of earlier releases may not be chained yet, counted up to 100000. 0 once every event is chained.',
  },
  lastSuccess: {
    name: 'phaselock_archive_last_success_timestamp_seconds',
    help: 'When the last run without a failure ended. Absent before the first one.',
  },
  lastRunStart: {
    name: 'phaselock_archive_last_run_start_timestamp_seconds',
    help: 'When the last run began. Absent before the first run.',
  },
  lastRunEnd: {
    name: 'phaselock_archive_last_run_end_timestamp_seconds',
    help: 'When the last finished run ended, with or without failures. Absent before the first one.',
  },
  oldestUnfinished: {
    name: 'phaselock_archive_oldest_unfinished_run_start_timestamp_seconds',
    help: 'Start of the oldest run that has neither ended nor been given up. Absent when there is none.',
  },
} as const;

export const LAST_RUN_OUTCOME = {
  name: 'phaselock_archive_last_run_outcome',
  help: 'State of the last run: 1 for the current state, 0 for the others. Absent before the first run.',
} as const;
