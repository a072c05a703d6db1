import type { QUESTION_CODES, StartQuestion } from '@phaselock/core';

/** The closed sets metrics are labelled with. An id, a user or a model name is never one of them. */
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

/** Whether the single-session rule was applied to the request: what a rollout compares. */
export const COHORTS = ['treatment', 'control'] as const;
export type Cohort = (typeof COHORTS)[number];

/** An error may be met where nothing is known of the rule, or where it does not matter. */
export const ERROR_COHORTS = [...COHORTS, 'none'] as const;
export type ErrorCohort = (typeof ERROR_COHORTS)[number];

/** What an attempt to replace a session came to. `beside`: it was confirmed by a caller to whom the rule does not apply. */
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

/** What a replaced runner still tried to write. */
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

/** `trusted` is what the caller sees: the layers, as far as invalidations arrive. */
export const CACHE_LAYERS = ['trusted', 'memory', 'redis'] as const;
export type CacheLayer = (typeof CACHE_LAYERS)[number];

export const CACHE_RESULTS = ['hit', 'miss', 'failed', 'bypassed'] as const;
export type CacheResult = (typeof CACHE_RESULTS)[number];

/** How processes hear of each other's changes; one that is alone needs only its memory. */
export const INVALIDATION_BUSES = ['memory', 'postgres', 'redis'] as const;
export type InvalidationBusName = (typeof INVALIDATION_BUSES)[number];

/** The first three happen to messages sent, the last two to messages that arrive. */
export const INVALIDATION_RESULTS = ['delivered', 'retried', 'failed', 'received', 'ignored'] as const;
export type InvalidationResult = (typeof INVALIDATION_RESULTS)[number];

export const FEEDBACK_RATINGS = ['good', 'neutral', 'bad'] as const;
export type FeedbackRating = (typeof FEEDBACK_RATINGS)[number];

export const STATUS_CLASSES = ['2xx', '3xx', '4xx', '5xx'] as const;
export type StatusClass = (typeof STATUS_CLASSES)[number];

/** What a request was refused for before anything was done for it. */
export const SHED_REASONS = ['pool', 'event-loop', 'caller'] as const;
export type ShedReason = (typeof SHED_REASONS)[number];

/** Answers that stay open as long as their client likes. */
export const LONG_ANSWERS = ['changes', 'download'] as const;
export type LongAnswer = (typeof LONG_ANSWERS)[number];

/** Whose bound it was. */
export const LONG_ANSWER_BOUNDS = ['caller', 'total'] as const;
export type LongAnswerBound = (typeof LONG_ANSWER_BOUNDS)[number];

/** Of the findings of an audit; what it could neither prove nor refute is counted apart. */
export const AUDIT_SEVERITIES = ['error', 'warning', 'undecidable'] as const;
export type AuditSeverity = (typeof AUDIT_SEVERITIES)[number];
