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

/** One method for each thing that happens. Recording is a fraction of a microsecond and never throws. */
export type Telemetry = {
  sessionStarted(start: {
    readonly outcome: StartOutcome;
    readonly phase: Phase;
    readonly mode: Mode;
    readonly cohort: Cohort;
  }): void;
  /** Once for each call, however often it tried; not at all for one whose caller left. */
  replacementAttempted(outcome: ReplacementOutcome, cohort: Cohort): void;
  sessionReplaced(replacement: {
    readonly reason: DeletionReason;
    readonly cohort: Cohort;
    readonly seconds: number;
  }): void;
  asked(question: QuestionCode, cohort: Cohort): void;
  lookedUp(source: LookupSource, cohort: Cohort, seconds: number): void;
  startedUnguarded(): void;
  /** By a caller outside the rollout, at a task that is guarded already. */
  startCrossed(): void;
  legacyCollapsed(sessions: number): void;
  turnDecided(decision: TurnOutcome): void;
  modelChanged(): void;
  turnEnded(ending: ProcessEnding, turns?: number): void;
  writeFenced(operation: FencedOperation): void;
  sessionDeleted(reason: DeletionReason, sessions?: number): void;
  bulkDone(operation: BulkOperation, items: number): void;
  replayed(): void;
  feedbackGiven(rating: FeedbackRating, cohort: Cohort): void;
  failed(code: ErrorCode, cohort: ErrorCohort): void;
  readonly lock: LockTelemetry;
  readonly pool: PoolTelemetry;
  readonly cache: CacheTelemetry;
  readonly embeddedServer: EmbeddedServerTelemetry;
  readonly flags: FlagTelemetry;
  readonly http: HttpTelemetry;
  readonly data: DataTelemetry;
  /** All numbers, in the older of the two forms a Prometheus server reads. */
  exposition(): Promise<string>;
  /** For a Prometheus server: in the form its `Accept` asks for. */
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
  /** Given up after so long: observed like a wait that ended well, and counted. */
  waitTimedOut(seconds: number): void;
  connectionFailed(): void;
  /** Read at each scrape until the returned function is called; several pools add up. */
  observe(counts: () => PoolCounts): () => void;
};

export type CacheTelemetry = {
  requested(layer: CacheLayer, result: CacheResult): void;
  invalidated(result: InvalidationResult): void;
  /** Asked at each scrape until the returned function is called. */
  observe(bus: InvalidationBusName, healthy: () => boolean): () => void;
};

type EmbeddedServerTelemetry = {
  /** Without being told to. */
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
  /** Since they were last read; undefined before that. */
  readonly ageMs: number | undefined;
};

export type FlagTelemetry = {
  /** Read at each scrape until the returned function is called. */
  observe(flags: () => FlagCounts): () => void;
};

/** What is known of the data as a whole, from time to time: nothing is exposed before. */
export type DataTelemetry = {
  /** Undefined while they cannot be counted. */
  legacyDuplicates(sessions: number | undefined): void;
  audited(audit: AuditOutcome): void;
};

export type AuditOutcome = {
  readonly finishedAt: Date;
  readonly findings: Readonly<Record<AuditSeverity, number>>;
};

/** How long an operation may take: an answer, one that stays open as long as its client likes, or a question of whoever watches us. */
export type OperationKind = 'usual' | 'long' | 'probe';

export type HttpTelemetry = {
  answered(operation: string, status: number, seconds: number, exemplar?: ExemplarLabels): void;
  shed(reason: ShedReason): void;
  spans(result: SpanResult, count: number): void;
  limited(): void;
  /** A change stream or a download for which there was no place. */
  refused(kind: LongAnswer, bound: LongAnswerBound): void;
  /** One whose client did not read. */
  cut(kind: LongAnswer): void;
  /** Read at each scrape until the returned function is called. */
  observe(counts: () => HttpCounts): () => void;
};

export type HttpCounts = {
  /** 1 while requests should be sent here. */
  readonly ready: 0 | 1;
  readonly inFlight: number;
  readonly streams: number;
  readonly downloads: number;
};
