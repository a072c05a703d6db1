import type { QUESTION_CODES, StartQuestion } from '@phaselock/core';

// Each list is the closed set of values of a metric label. Ids, users and model names are never label values.

/**
 * The outcomes of requests to start a session. `created-beside`: the single-session rule does not apply to the caller.
 * `asked`: answered with a question about the existing session. `moved_on`: the session is no longer the one that the
 * caller had been shown. `busy`: another operation held the slot.
 */
export const START_OUTCOMES = [
  'created',
  'created-beside',
  'existing',
  'asked',
  'replaced',
  'moved_on',
  'refused',
  'busy',
  'failed',
] as const;
export type StartOutcome = (typeof START_OUTCOMES)[number];

/** Whether the single-session rule was applied to the request. A rollout compares the two cohorts. */
export const COHORTS = ['treatment', 'control'] as const;
export type Cohort = (typeof COHORTS)[number];

/** `none`: the failed operation is no start or turn, or is a turn that failed before its session was read. */
export const ERROR_COHORTS = [...COHORTS, 'none'] as const;
export type ErrorCohort = (typeof ERROR_COHORTS)[number];

/**
 * The outcomes of attempts to replace a session. `beside`: a session was created beside the existing one instead,
 * because the single-session rule does not apply to the caller.
 */
export const REPLACEMENT_OUTCOMES = ['replaced', 'moved_on', 'busy', 'refused', 'failed', 'beside'] as const;
export type ReplacementOutcome = (typeof REPLACEMENT_OUTCOMES)[number];

/** The code of the question that a start or turn was answered with. */
export type QuestionCode = (typeof QUESTION_CODES)[StartQuestion];

/**
 * The decisions on turns. `initial`: the first of its session. `follow-up`: resumes the conversation. `fresh`: opened
 * another session. `predecessor_stopping`: the agent of the replaced session may still be running.
 */
export const TURN_OUTCOMES = [
  'initial',
  'follow-up',
  'fresh',
  'asked',
  'moved_on',
  'predecessor_stopping',
  'refused',
] as const;
export type TurnOutcome = (typeof TURN_OUTCOMES)[number];

export const LOOKUP_SOURCES = ['memory', 'redis', 'database'] as const;
export type LookupSource = (typeof LOOKUP_SOURCES)[number];

/** The writes of a runner, which are refused after its session was replaced. */
export const FENCED_OPERATIONS = [
  'begin-turn',
  'heartbeat',
  'agent-session',
  'logs',
  'usage',
  'finish-turn',
  'close',
] as const;
export type FencedOperation = (typeof FENCED_OPERATIONS)[number];

export const BULK_OPERATIONS = ['start', 'delete'] as const;
export type BulkOperation = (typeof BULK_OPERATIONS)[number];

export const LOCK_STRATEGIES = ['pessimistic', 'optimistic', 'redis'] as const;
export type LockStrategy = (typeof LOCK_STRATEGIES)[number];

/** The locks and writes that are sent in one statement with others of the same function, which the label names. */
export const GROUPED_WRITES = [
  'lock_slot',
  'open_session',
  'begin_turn',
  'finish_turn',
  'heartbeat',
  'record_usage',
  'report_agent_session',
  'append_logs',
] as const;
export type GroupedWrite = (typeof GROUPED_WRITES)[number];

export const POOL_STATES = ['active', 'idle', 'waiting'] as const;
export type PoolState = (typeof POOL_STATES)[number];

/**
 * `memory` and `redis` are the layers of the cache. `trusted` is the result of a lookup in both. While invalidations do
 * not arrive, cached values may be stale, so both are bypassed.
 */
export const CACHE_LAYERS = ['trusted', 'memory', 'redis'] as const;
export type CacheLayer = (typeof CACHE_LAYERS)[number];

export const CACHE_RESULTS = ['hit', 'miss', 'failed', 'bypassed'] as const;
export type CacheResult = (typeof CACHE_RESULTS)[number];

/** How processes inform each other of changes. A single process only needs `memory`. */
export const INVALIDATION_BUSES = ['memory', 'postgres', 'redis'] as const;
export type InvalidationBusName = (typeof INVALIDATION_BUSES)[number];

/** The first three are results of sent messages, the last two of received messages. */
export const INVALIDATION_RESULTS = ['delivered', 'retried', 'failed', 'received', 'ignored'] as const;
export type InvalidationResult = (typeof INVALIDATION_RESULTS)[number];

export const FEEDBACK_RATINGS = ['good', 'neutral', 'bad'] as const;
export type FeedbackRating = (typeof FEEDBACK_RATINGS)[number];

export const STATUS_CLASSES = ['2xx', '3xx', '4xx', '5xx'] as const;
export type StatusClass = (typeof STATUS_CLASSES)[number];

/** Whether the collector accepted the span of a request. */
export const SPAN_RESULTS = ['exported', 'dropped'] as const;
export type SpanResult = (typeof SPAN_RESULTS)[number];

/**
 * Why a request was refused before any work was done for it: too many waits for a database connection, a delayed event
 * loop, or too many requests of one caller while connections are scarce.
 */
export const SHED_REASONS = ['pool', 'event-loop', 'caller'] as const;
export type ShedReason = (typeof SHED_REASONS)[number];

/** Answers that stay open as long as their client likes: change streams and downloads. */
export const LONG_ANSWERS = ['changes', 'download'] as const;
export type LongAnswer = (typeof LONG_ANSWERS)[number];

/** The limit of open answers that was reached: that of one caller, or that of all callers together. */
export const LONG_ANSWER_BOUNDS = ['caller', 'total'] as const;
export type LongAnswerBound = (typeof LONG_ANSWER_BOUNDS)[number];

/** The severities of audit findings. `undecidable` findings could neither be proven nor refuted. */
export const AUDIT_SEVERITIES = ['error', 'warning', 'undecidable'] as const;
export type AuditSeverity = (typeof AUDIT_SEVERITIES)[number];
