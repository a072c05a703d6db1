import { DELETION_REASONS, ERRORS, MODES, PHASES, PROCESS_ENDINGS, QUESTION_CODES } from '@phaselock/core';
import {
  BULK_OPERATIONS,
  CACHE_LAYERS,
  CACHE_RESULTS,
  COHORTS,
  ERROR_COHORTS,
  FEEDBACK_RATINGS,
  FENCED_OPERATIONS,
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
    help: 'Requests to start a session, items of bulk requests and turns that began another session among them, by what they came to; moved_on: the session was not the one the caller had been shown.',
    labels: { outcome: START_OUTCOMES, phase: PHASES, mode: MODES, ...cohort },
  },
  replacementAttempts: {
    name: 'phaselock_session_replacement_attempts_total',
    help: 'Requests that confirmed, or came to, the replacement of a session, once each, by what they came to; moved_on: what had been shown was there no more, or there was nothing to replace; beside: the rule does not apply to the request.',
    labels: { outcome: REPLACEMENT_OUTCOMES, ...cohort },
  },
  sessionQuestions: {
    name: 'phaselock_session_questions_total',
    help: 'Starts and turns answered with a question about the session that is there. A question is no error.',
    labels: { question: Object.values(QUESTION_CODES), ...cohort },
  },
  sessionReplacements: {
    name: 'phaselock_session_replacements_total',
    help: 'Starts and turns answered with a replacement, by the reason for it.',
    labels: { reason: DELETION_REASONS },
  },
  unguardedStarts: {
    name: 'phaselock_unguarded_starts_total',
    help: 'Sessions created for callers to whom the single-session rule does not apply yet.',
    labels: {},
  },
  crossedStarts: {
    name: 'phaselock_rollout_crossed_starts_total',
    help: 'Starts by users outside the rollout at tasks that are guarded already: the rule applied to them.',
    labels: {},
  },
  legacyCollapsed: {
    name: 'phaselock_legacy_sessions_collapsed_total',
    help: 'Older live duplicates that were soft-deleted when their task first became guarded.',
    labels: {},
  },
  turns: {
    name: 'phaselock_turns_total',
    help: 'Turns that were answered, by what was decided. Those that failed are in phaselock_errors_total.',
    labels: { decision: TURN_OUTCOMES },
  },
  modelChanges: {
    name: 'phaselock_model_changes_total',
    help: 'Turns that worked with another model than the turn before in the same slot; each has its log line.',
    labels: {},
  },
  turnsEnded: {
    name: 'phaselock_turns_ended_total',
    help: 'Turns that ended, by how their process ended.',
    labels: { ending: PROCESS_ENDINGS },
  },
  fencedWrites: {
    name: 'phaselock_fenced_writes_total',
    help: 'Writes refused because they came under the generation of a replaced session.',
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
    help: 'Operations that obtained a slot lock. Further tries of the same operation are retries.',
    labels: strategy,
  },
  lockContention: {
    name: 'phaselock_lock_contention_total',
    help: 'Times a slot was found locked, or changed, by someone else.',
    labels: strategy,
  },
  lockTimeouts: {
    name: 'phaselock_lock_timeouts_total',
    help: 'Times a slot lock was given up because the time for waiting was used up.',
    labels: strategy,
  },
  lockRetries: {
    name: 'phaselock_lock_retries_total',
    help: 'Further tries of an operation at a slot, after one that got no lock or lost a race.',
    labels: strategy,
  },
  poolConnectionFailures: {
    name: 'phaselock_pool_connection_failures_total',
    help: 'Database connections that were asked for and could not be had.',
    labels: {},
  },
  poolWaitTimeouts: {
    name: 'phaselock_pool_wait_timeouts_total',
    help: 'Waits for a database connection that were given up when their time was over. Each is in phaselock_pool_wait_seconds too.',
    labels: {},
  },
  embeddedServerEnds: {
    name: 'phaselock_embedded_server_ends_total',
    help: 'Times the embedded PostgreSQL ended without being told to.',
    labels: {},
  },
  embeddedServerRestarts: {
    name: 'phaselock_embedded_server_restarts_total',
    help: 'Times the embedded PostgreSQL ran again after that. Fewer than its ends: it is down.',
    labels: {},
  },
  cacheRequests: {
    name: 'phaselock_cache_requests_total',
    help: 'Snapshots asked of the cache, by layer; layer "trusted" is what the caller was answered.',
    labels: { layer: CACHE_LAYERS, result: CACHE_RESULTS },
  },
  cacheInvalidations: {
    name: 'phaselock_cache_invalidations_total',
    help: 'Cache invalidations sent (delivered, retried, failed) and arrived (received, ignored as unreadable).',
    labels: { result: INVALIDATION_RESULTS },
  },
  idempotentReplays: {
    name: 'phaselock_idempotent_replays_total',
    help: 'Requests answered from the stored result of their Idempotency-Key.',
    labels: {},
  },
  feedback: {
    name: 'phaselock_feedback_total',
    help: 'Ratings users gave of how their session was managed; the cohort tells whether that session is guarded.',
    labels: { rating: FEEDBACK_RATINGS, ...cohort },
  },
  requestsShed: {
    name: 'phaselock_http_requests_shed_total',
    help: 'Requests refused at once because the server had more to do than it could in time.',
    labels: { reason: SHED_REASONS },
  },
  traceSpans: {
    name: 'phaselock_trace_spans_total',
    help: 'Spans of requests for the collector of traces, by whether it took them.',
    labels: { result: SPAN_RESULTS },
  },
  requestsLimited: {
    name: 'phaselock_http_requests_limited_total',
    help: 'Requests refused because their caller had used up its share.',
    labels: {},
  },
  longAnswersRefused: {
    name: 'phaselock_http_long_answers_refused_total',
    help: 'Change streams and downloads refused because their caller, or all of them, had as many open as they may.',
    labels: { kind: LONG_ANSWERS, bound: LONG_ANSWER_BOUNDS },
  },
  longAnswersCut: {
    name: 'phaselock_http_long_answers_cut_total',
    help: 'Change streams and downloads that were broken off because their client did not read.',
    labels: { kind: LONG_ANSWERS },
  },
  errors: {
    name: 'phaselock_errors_total',
    help: 'Operations, and items of bulk starts, that ended with an error, by code. Questions, and starts and turns refused for their model or because a session moved on, are answers and counted as those. The cohort is that of a start or turn, else none.',
    labels: {
      code: Object.keys(ERRORS).filter((code): code is keyof typeof ERRORS => code in ERRORS),
      cohort: ERROR_COHORTS,
    },
  },
} as const satisfies Record<string, MetricSpec>;

export const HISTOGRAMS = {
  sessionReplacement: {
    name: 'phaselock_session_replacement_seconds',
    help: 'Time of a replacement that succeeded, from the request to its answer.',
    labels: cohort,
    buckets: [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
  },
  sessionLookup: {
    name: 'phaselock_session_lookup_seconds',
    help: 'Time until the latest session of a slot was found, a wait for a connection included, by where it was found; the cohort tells whether the slot has ever been guarded.',
    labels: { source: LOOKUP_SOURCES, ...cohort },
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1],
  },
  lockAcquisition: {
    name: 'phaselock_lock_acquisition_seconds',
    help: 'Time until an operation first obtained a slot lock, the queue and tries before that included.',
    labels: strategy,
    buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
  },
  lockHold: {
    name: 'phaselock_lock_hold_seconds',
    help: 'Time from having a slot lock, or under the optimistic strategy from beginning to write, until it was released, of every try.',
    labels: strategy,
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
  },
  poolWait: {
    name: 'phaselock_pool_wait_seconds',
    help: 'Time to be given a database connection, or until the wait for one was given up.',
    labels: {},
    buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
  },
} as const satisfies Record<string, HistogramSpec>;

/** Of the operations an application has: it names them when it makes its telemetry. */
export const HTTP = {
  requests: {
    name: 'phaselock_http_requests_total',
    help: 'Requests answered, by operation and class of status.',
  },
  seconds: {
    name: 'phaselock_http_request_seconds',
    help: 'Time from the first byte of a request to the last of its answer, by operation; streams, downloads and probes apart.',
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
  },
  longAnswers: {
    name: 'phaselock_http_long_answer_seconds',
    help: 'Time change streams were open, and exports and archives took to be sent.',
    buckets: [1, 5, 15, 60, 300, 900, 1_800, 3_600],
  },
  probes: {
    name: 'phaselock_http_probe_seconds',
    help: 'Time to answer whether the process is alive and ready, and its metrics.',
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
  },
} as const;
