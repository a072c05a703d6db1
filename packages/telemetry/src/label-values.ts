import type { QUESTION_CODES, StartQuestion } from '@phaselock/core';

/** The closed sets of metric label values. Ids, users and model names are never label values. */
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

/** `none` is for errors of operations to which the single-session rule does not matter, or is not known to apply. */
export const ERROR_COHORTS = [...COHORTS, 'none'] as const;
export type ErrorCohort = (typeof ERROR_COHORTS)[number];

/**
 * The outcomes of attempts to replace a session. `beside`: the single-session rule does not apply to the caller who
 * confirmed it.
 */
export const REPLACEMENT_OUTCOMES = ['replaced', 'moved_on', 'busy', 'refused', 'failed', 'beside'] as const;
export type ReplacementOutcome = (typeof REPLACEMENT_OUTCOMES)[number];

export type QuestionCode = (typeof QUESTION_CODES)[StartQuestion];

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

/** The writes that a replaced runner may still attempt. */
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

export const POOL_STATES = ['active', 'idle', 'waiting'] as const;
export type PoolState = (typeof POOL_STATES)[number];

/** `trusted` is the result the caller gets: the layers are only used while invalidations arrive. */
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

/** Why a request was refused before any work was done for it. */
export const SHED_REASONS = ['pool', 'event-loop', 'caller'] as const;
export type ShedReason = (typeof SHED_REASONS)[number];

/** Answers that stay open until their client ends them. */
export const LONG_ANSWERS = ['changes', 'download'] as const;
export type LongAnswer = (typeof LONG_ANSWERS)[number];

/** The limit that was reached: that of the caller, or the total. */
export const LONG_ANSWER_BOUNDS = ['caller', 'total'] as const;
export type LongAnswerBound = (typeof LONG_ANSWER_BOUNDS)[number];

/** The severities of audit findings. `undecidable` findings could neither be proven nor refuted. */
export const AUDIT_SEVERITIES = ['error', 'warning', 'undecidable'] as const;
export type AuditSeverity = (typeof AUDIT_SEVERITIES)[number];
