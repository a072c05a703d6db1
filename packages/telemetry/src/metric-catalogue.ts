import { DELETION_REASONS, ERRORS, FLAGS, MODES, PHASES, PROCESS_ENDINGS } from '@phaselock/core';
import {
  BULK_OPERATIONS,
  CACHE_LAYERS,
  CACHE_RESULTS,
  COHORTS,
  FEEDBACK_RATINGS,
  FENCED_OPERATIONS,
  INVALIDATION_RESULTS,
  LOCK_STRATEGIES,
  LONG_ANSWER_BOUNDS,
  LONG_ANSWERS,
  LOOKUP_SOURCES,
  POOL_STATES,
  SHED_REASONS,
  START_OUTCOMES,
  TURN_OUTCOMES,
} from './label-values.ts';
import type { HistogramSpec, MetricSpec } from './metric-specs.ts';

const strategy = { strategy: LOCK_STRATEGIES } as const;

export const COUNTERS = {
  sessionStarts: {
    name: 'phaselock_session_starts_total',
    help: 'Requests to start a session, by what they came to.',
    labels: { outcome: START_OUTCOMES, phase: PHASES, mode: MODES, cohort: COHORTS },
  },
  sessionReplacements: {
    name: 'phaselock_session_replacements_total',
    help: 'Sessions that were replaced by a new one in their slot, by reason.',
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
    help: 'Turns asked for, by what was decided.',
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
    help: 'Ratings users gave of how their session was managed.',
    labels: { rating: FEEDBACK_RATINGS },
  },
  requestsShed: {
    name: 'phaselock_http_requests_shed_total',
    help: 'Requests refused at once because the server had more to do than it could in time.',
    labels: { reason: SHED_REASONS },
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
    help: 'Refusals and failures callers met, by code.',
    labels: { code: Object.keys(ERRORS).filter((code): code is keyof typeof ERRORS => code in ERRORS) },
  },
} as const satisfies Record<string, MetricSpec>;

export const HISTOGRAMS = {
  sessionReplacement: {
    name: 'phaselock_session_replacement_seconds',
    help: 'Time of a session replacement, from the request to the commit.',
    labels: {},
    buckets: [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
  },
  sessionLookup: {
    name: 'phaselock_session_lookup_seconds',
    help: 'Time to find the latest session of a slot, by where it was found.',
    labels: { source: LOOKUP_SOURCES },
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1],
  },
  lockAcquisition: {
    name: 'phaselock_lock_acquisition_seconds',
    help: 'Time until an operation first obtained a slot lock, the queue and tries before that included.',
    labels: strategy,
    buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
  },
  poolWait: {
    name: 'phaselock_pool_wait_seconds',
    help: 'Time to be given a database connection.',
    labels: {},
    buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1],
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
    help: 'Time from the first byte of a request to the last of its answer, by operation.',
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
  },
} as const;

/** There is nothing of them before the flags were read. */
export const FLAG_GAUGES = {
  flagEnabled: {
    name: 'phaselock_flag_enabled',
    help: 'Whether this process takes the flag for enabled: 0 when it is off or killed.',
    labels: { flag: FLAGS },
  },
  rolloutPercent: {
    name: 'phaselock_rollout_percent',
    help: 'Share of its subjects, in percent, that an enabled flag applies to, as this process knows it.',
    labels: { flag: FLAGS },
  },
  flagVersion: {
    name: 'phaselock_flag_version',
    help: 'Version of the flag that this process goes by.',
    labels: { flag: FLAGS },
  },
  flagReadAge: {
    name: 'phaselock_flag_read_age_seconds',
    help: 'Time since this process last read the flags; absent until it has.',
    labels: {},
  },
} as const satisfies Record<string, MetricSpec>;

export const GAUGES = {
  requestsInFlight: {
    name: 'phaselock_http_requests_in_flight',
    help: 'Requests that have arrived and are not answered yet, change streams among them.',
    labels: {},
  },
  streams: {
    name: 'phaselock_http_streams',
    help: 'Change streams that are open.',
    labels: {},
  },
  downloads: {
    name: 'phaselock_http_downloads',
    help: 'Exports and archives that are being sent.',
    labels: {},
  },
  poolConnections: {
    name: 'phaselock_pool_connections',
    help: 'Database connections in use and idle, and callers waiting for one.',
    labels: { state: POOL_STATES },
  },
} as const satisfies Record<string, MetricSpec>;
