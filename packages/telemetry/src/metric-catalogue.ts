import { DELETION_REASONS, ERRORS, MODES, PHASES, PROCESS_ENDINGS, QUESTION_CODES } from '@phaselock/core';
import {
  BULK_OPERATIONS,
  CACHE_LAYERS,
  CACHE_RESULTS,
  COHORTS,
  ERROR_COHORTS,
  FEEDBACK_RATINGS,
  FENCED_OPERATIONS,
  GROUPED_WRITES,
  INVALIDATION_RESULTS,
  LOCK_STRATEGIES,
  LONG_ANSWER_BOUNDS,
  LONG_ANSWERS,
  LOOKUP_SOURCES,
  REPLACEMENT_OUTCOMES,
  SHED_REASONS,
  SPAN_RESULTS,
  START_OUTCOMES,
  TURN_OUTCOMES,
} from './label-values.ts';
import type { HistogramSpec, MetricSpec } from './metric-specs.ts';

const strategy = { strategy: LOCK_STRATEGIES } as const;
const cohort = { cohort: COHORTS } as const;

export const COUNTERS = {
  sessionStarts: {
    name: 'phaselock_session_starts_total',
    help: 'Requests to start a session, including items of bulk requests and turns that began another session, by outcome. moved_on: the session was no longer the one the caller had been shown.',
    labels: { outcome: START_OUTCOMES, phase: PHASES, mode: MODES, ...cohort },
  },
  replacementAttempts: {
    name: 'phaselock_session_replacement_attempts_total',
    help: 'Requests that confirmed or resulted in the replacement of a session, each counted once, by outcome. moved_on: the session that had been shown was gone, or there was nothing to replace. beside: the single-session rule does not apply to the request.',
    labels: { outcome: REPLACEMENT_OUTCOMES, ...cohort },
  },
  sessionQuestions: {
    name: 'phaselock_session_questions_total',
    help: 'Starts and turns answered with a question about the existing session. A question is not an error.',
    labels: { question: Object.values(QUESTION_CODES), ...cohort },
  },
  sessionReplacements: {
    name: 'phaselock_session_replacements_total',
    help: 'Starts and turns that replaced a session, by reason.',
    labels: { reason: DELETION_REASONS },
  },
  unguardedStarts: {
    name: 'phaselock_unguarded_starts_total',
    help: 'Sessions created for callers to whom the single-session rule does not apply yet.',
    labels: {},
  },
  crossedStarts: {
    name: 'phaselock_rollout_crossed_starts_total',
    help: 'Starts by users outside the rollout in tasks that are already guarded, so that the single-session rule applied to them.',
    labels: {},
  },
  legacyCollapsed: {
    name: 'phaselock_legacy_sessions_collapsed_total',
    help: 'Older live duplicates that were soft-deleted when their task first became guarded.',
    labels: {},
  },
  turns: {
    name: 'phaselock_turns_total',
    help: 'Answered turns, by decision. Failed turns are counted in phaselock_errors_total.',
    labels: { decision: TURN_OUTCOMES },
  },
  modelChanges: {
    name: 'phaselock_model_changes_total',
    help: 'Turns that used another model than the previous turn in the same slot. Each has a log line.',
    labels: {},
  },
  turnsEnded: {
    name: 'phaselock_turns_ended_total',
    help: 'Turns that ended, by how their process ended.',
    labels: { ending: PROCESS_ENDINGS },
  },
  fencedWrites: {
    name: 'phaselock_fenced_writes_total',
    help: 'Writes refused because their session was replaced or their process was superseded.',
    labels: { operation: FENCED_OPERATIONS },
  },
  sessionsDeleted: {
    name: 'phaselock_sessions_deleted_total',
    help: 'Sessions soft-deleted, by reason.',
    labels: { reason: DELETION_REASONS },
  },
  bulkOperations: {
    name: 'phaselock_bulk_operations_total',
    help: 'Bulk operations carried out.',
    labels: { operation: BULK_OPERATIONS },
  },
  bulkItems: {
    name: 'phaselock_bulk_items_total',
    help: 'Items of the bulk operations carried out.',
    labels: { operation: BULK_OPERATIONS },
  },
  lockAcquisitions: {
    name: 'phaselock_lock_acquisitions_total',
    help: 'Operations that obtained a slot lock. Further attempts of the same operation are counted as retries.',
    labels: strategy,
  },
  lockContention: {
    name: 'phaselock_lock_contention_total',
    help: 'Times an operation found a slot locked or changed by another operation.',
    labels: strategy,
  },
  lockTimeouts: {
    name: 'phaselock_lock_timeouts_total',
    help: 'Times a wait for a slot lock timed out.',
    labels: strategy,
  },
  lockRetries: {
    name: 'phaselock_lock_retries_total',
    help: 'Further attempts of an operation on a slot, after one that got no lock or lost a race.',
    labels: strategy,
  },
  poolConnectionFailures: {
    name: 'phaselock_pool_connection_failures_total',
    help: 'Failed attempts to get a database connection.',
    labels: {},
  },
  poolWaitTimeouts: {
    name: 'phaselock_pool_wait_timeouts_total',
    help: 'Waits for a database connection that timed out. Each is also observed in phaselock_pool_wait_seconds.',
    labels: {},
  },
  writesLeftOut: {
    name: 'phaselock_writes_left_out_total',
    help: 'Writes that a statement with several of them did not carry out, because their rows were locked or one of them failed. They were then sent alone.',
    labels: { write: GROUPED_WRITES },
  },
  embeddedServerEnds: {
    name: 'phaselock_embedded_server_ends_total',
    help: 'Times the embedded PostgreSQL ended unexpectedly.',
    labels: {},
  },
  embeddedServerRestarts: {
    name: 'phaselock_embedded_server_restarts_total',
    help: 'Times the embedded PostgreSQL ran again after an unexpected end. It is down while this is below phaselock_embedded_server_ends_total.',
    labels: {},
  },
  cacheRequests: {
    name: 'phaselock_cache_requests_total',
    help: 'Cache lookups of snapshots, by layer and result. Layer "trusted" is the result the caller got.',
    labels: { layer: CACHE_LAYERS, result: CACHE_RESULTS },
  },
  cacheInvalidations: {
    name: 'phaselock_cache_invalidations_total',
    help: 'Cache invalidations that were sent (delivered, retried, failed) or that arrived (received, or ignored as unreadable).',
    labels: { result: INVALIDATION_RESULTS },
  },
  idempotentReplays: {
    name: 'phaselock_idempotent_replays_total',
    help: 'Requests answered from the stored result of their Idempotency-Key.',
    labels: {},
  },
  feedback: {
    name: 'phaselock_feedback_total',
    help: 'User ratings of how their session was managed. The cohort states whether that session is guarded.',
    labels: { rating: FEEDBACK_RATINGS, ...cohort },
  },
  requestsShed: {
    name: 'phaselock_http_requests_shed_total',
    help: 'Requests refused at once because the server was overloaded, by reason.',
    labels: { reason: SHED_REASONS },
  },
  traceSpans: {
    name: 'phaselock_trace_spans_total',
    help: 'Request spans for the trace collector, by whether it accepted them.',
    labels: { result: SPAN_RESULTS },
  },
  requestsLimited: {
    name: 'phaselock_http_requests_limited_total',
    help: 'Requests refused because their caller had reached its rate limit.',
    labels: {},
  },
  longAnswersRefused: {
    name: 'phaselock_http_long_answers_refused_total',
    help: 'Change streams and downloads refused because the limit of open ones, per caller or in total, was reached.',
    labels: { kind: LONG_ANSWERS, bound: LONG_ANSWER_BOUNDS },
  },
  longAnswersCut: {
    name: 'phaselock_http_long_answers_cut_total',
    help: 'Change streams and downloads that were closed because their client did not read.',
    labels: { kind: LONG_ANSWERS },
  },
  errors: {
    name: 'phaselock_errors_total',
    help: 'Operations and items of bulk starts that ended with an error, by code. Questions count as answers, as do starts and turns refused for their model or because the session moved on. The cohort is that of a start or turn, otherwise none.',
    labels: {
      code: Object.keys(ERRORS).filter((code): code is keyof typeof ERRORS => code in ERRORS),
      cohort: ERROR_COHORTS,
    },
  },
} as const satisfies Record<string, MetricSpec>;

export const HISTOGRAMS = {
  sessionReplacement: {
    name: 'phaselock_session_replacement_seconds',
    help: 'Duration of a successful replacement, from the request to its answer.',
    labels: cohort,
    buckets: [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
  },
  sessionLookup: {
    name: 'phaselock_session_lookup_seconds',
    help: 'Time to find the latest session of a slot, including the wait for a connection, by where it was found. The cohort states whether the slot has ever been guarded.',
    labels: { source: LOOKUP_SOURCES, ...cohort },
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1],
  },
  lockAcquisition: {
    name: 'phaselock_lock_acquisition_seconds',
    help: 'Time until an operation first obtained a slot lock, including the queue and earlier attempts.',
    labels: strategy,
    buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
  },
  lockHold: {
    name: 'phaselock_lock_hold_seconds',
    help: 'Time from obtaining a slot lock until its release, for every attempt. Under the optimistic strategy it begins with the write.',
    labels: strategy,
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
  },
  poolWait: {
    name: 'phaselock_pool_wait_seconds',
    help: 'Time until a database connection was available, or until the wait for it timed out.',
    labels: {},
    buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
  },
  writesPerStatement: {
    name: 'phaselock_writes_per_statement',
    help: 'Number of writes that were sent in one statement: more than one when several callers write at the same time.',
    labels: { write: GROUPED_WRITES },
    buckets: [1, 2, 4, 8, 16, 32],
  },
} as const satisfies Record<string, HistogramSpec>;

/** Metrics of HTTP operations. The application passes the operations to `createTelemetry`. */
export const HTTP = {
  requests: {
    name: 'phaselock_http_requests_total',
    help: 'Requests answered, by operation and status class.',
  },
  seconds: {
    name: 'phaselock_http_request_seconds',
    help: 'Time from the first byte of a request to the last byte of its answer, by operation. Streams, downloads and probes have their own metrics.',
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
  },
  longAnswers: {
    name: 'phaselock_http_long_answer_seconds',
    help: 'Time that change streams were open, and that exports and archives took to send.',
    buckets: [1, 5, 15, 60, 300, 900, 1_800, 3_600],
  },
  probes: {
    name: 'phaselock_http_probe_seconds',
    help: 'Time to answer health checks and metrics requests.',
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
  },
} as const;
