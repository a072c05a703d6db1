import type { DeletionReason, ErrorCode, Mode, Phase, ProcessEnding } from '@phaselock/core';
import type { ExemplarLabels } from './exemplars.ts';
import type { Exposition } from './exposition.ts';
import type {
  AuditSeverity,
  BulkOperation,
  CacheLayer,
  CacheResult,
  Cohort,
  ErrorCohort,
  FeedbackRating,
  FencedOperation,
  GroupedWrite,
  InvalidationBusName,
  InvalidationResult,
  LockStrategy,
  LongAnswer,
  LongAnswerBound,
  LookupSource,
  PoolState,
  QuestionCode,
  ReplacementOutcome,
  ShedReason,
  SpanResult,
  StartOutcome,
  TurnOutcome,
} from './label-values.ts';

/** Records metrics, with one method per kind of event. Recording takes less than a microsecond and never throws. */
export type Telemetry = {
  sessionStarted(start: {
    readonly outcome: StartOutcome;
    readonly phase: Phase;
    readonly mode: Mode;
    readonly cohort: Cohort;
  }): void;
  /** Called once per request, whatever its number of attempts, and not for a request whose caller disconnected. */
  replacementAttempted(outcome: ReplacementOutcome, cohort: Cohort): void;
  sessionReplaced(replacement: {
    readonly reason: DeletionReason;
    readonly cohort: Cohort;
    readonly seconds: number;
  }): void;
  /** A start or turn was answered with a question about the existing session. */
  asked(question: QuestionCode, cohort: Cohort): void;
  /** The latest session of a slot was looked up. */
  lookedUp(source: LookupSource, cohort: Cohort, seconds: number): void;
  /** A session was created for a caller to whom the single-session rule does not apply. */
  startedUnguarded(): void;
  /** A caller outside the rollout started a session in a task that is already guarded. */
  startCrossed(): void;
  /** A task became guarded, and this many older live duplicates were soft-deleted. */
  legacyCollapsed(sessions: number): void;
  turnDecided(decision: TurnOutcome): void;
  modelChanged(): void;
  turnEnded(ending: ProcessEnding, turns?: number): void;
  writeFenced(operation: FencedOperation): void;
  sessionDeleted(reason: DeletionReason, sessions?: number): void;
  bulkDone(operation: BulkOperation, items: number): void;
  /** A request was answered from the stored result of its Idempotency-Key. */
  replayed(): void;
  feedbackGiven(rating: FeedbackRating, cohort: Cohort): void;
  failed(code: ErrorCode, cohort: ErrorCohort): void;
  readonly lock: LockTelemetry;
  readonly pool: PoolTelemetry;
  readonly groups: GroupTelemetry;
  readonly cache: CacheTelemetry;
  readonly embeddedServer: EmbeddedServerTelemetry;
  readonly flags: FlagTelemetry;
  readonly http: HttpTelemetry;
  readonly data: DataTelemetry;
  /** All metrics in the Prometheus text format. */
  exposition(): Promise<string>;
  /** Answers a scrape of a Prometheus server in the format of its `Accept` header. */
  answerScrape(accept: string | undefined): Promise<Exposition>;
};

export type LockTelemetry = {
  acquired(strategy: LockStrategy, seconds: number): void;
  held(strategy: LockStrategy, seconds: number): void;
  contended(strategy: LockStrategy): void;
  timedOut(strategy: LockStrategy): void;
  retried(strategy: LockStrategy): void;
};

export type PoolCounts = Readonly<Record<PoolState, number>> & { readonly max: number };

export type PoolTelemetry = {
  waited(seconds: number): void;
  /** The wait timed out after this long. It is observed like a successful wait, and also counted as a time-out. */
  waitTimedOut(seconds: number): void;
  connectionFailed(): void;
  /** Reads the counts at each scrape until the returned function is called. The counts of several pools are added. */
  observe(counts: () => PoolCounts): () => void;
};

/** Of writes that are sent in one statement with others of the same function. */
export type GroupTelemetry = {
  sent(write: GroupedWrite, calls: number): void;
  leftOut(write: GroupedWrite, calls: number): void;
};

export type CacheTelemetry = {
  requested(layer: CacheLayer, result: CacheResult): void;
  invalidated(result: InvalidationResult): void;
  /** Reads the health at each scrape until the returned function is called. */
  observe(bus: InvalidationBusName, healthy: () => boolean): () => void;
};

type EmbeddedServerTelemetry = {
  /** The server ended unexpectedly. */
  ended(): void;
  runningAgain(): void;
};

export type FlagCounts = {
  readonly states: readonly {
    readonly name: string;
    readonly enabled: boolean;
    readonly percent: number;
    readonly version: number;
  }[];
  /** Time since the flags were last read; undefined before the first read. */
  readonly ageMs: number | undefined;
};

export type FlagTelemetry = {
  /** Reads the flags at each scrape until the returned function is called. */
  observe(flags: () => FlagCounts): () => void;
};

/** Values about the whole database, which are updated periodically and absent before the first update. */
export type DataTelemetry = {
  /** Undefined while they cannot be counted. */
  legacyDuplicates(sessions: number | undefined): void;
  audited(scope: AuditScope, audit: AuditOutcome): void;
};

/** `incremental`: of the tasks that changed since a seal or a time. */
type AuditScope = 'all' | 'incremental';

export type AuditOutcome = {
  readonly finishedAt: Date;
  readonly findings: Readonly<Record<AuditSeverity, number>>;
};

/**
 * The kind of an operation, which selects its histogram: a usual answer, an answer that stays open, or a health check
 * or scrape.
 */
export type OperationKind = 'usual' | 'long' | 'probe';

export type HttpTelemetry = {
  answered(operation: string, status: number, seconds: number, exemplar?: ExemplarLabels): void;
  shed(reason: ShedReason): void;
  spans(result: SpanResult, count: number): void;
  limited(): void;
  /** A change stream or download was refused, because a limit was reached. */
  refused(kind: LongAnswer, bound: LongAnswerBound): void;
  /** A change stream or download was closed, because its client did not read. */
  cut(kind: LongAnswer): void;
  /** Reads the counts at each scrape until the returned function is called. */
  observe(counts: () => HttpCounts): () => void;
};

export type HttpCounts = {
  /** 1 while requests should be sent to this process. */
  readonly ready: 0 | 1;
  readonly inFlight: number;
  readonly streams: number;
  readonly downloads: number;
};
