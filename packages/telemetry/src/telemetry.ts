import type { DeletionReason, ErrorCode, Mode, Phase, ProcessEnding } from '@phaselock/core';
import type { ExemplarLabels } from './exemplars.ts';
import type { Exposition } from './exposition.ts';
import type {
  AuditSeverity,
  BulkOperation,
  CacheLayer,
  CacheResult,
  Cohort,
  FeedbackRating,
  FencedOperation,
  InvalidationResult,
  LockStrategy,
  LongAnswer,
  LongAnswerBound,
  LookupSource,
  PoolState,
  ShedReason,
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
  sessionReplaced(replacement: { readonly reason: DeletionReason; readonly seconds: number }): void;
  lookedUp(source: LookupSource, seconds: number): void;
  startedUnguarded(): void;
  legacyCollapsed(sessions: number): void;
  turnDecided(decision: TurnOutcome): void;
  modelChanged(): void;
  turnEnded(ending: ProcessEnding, turns?: number): void;
  writeFenced(operation: FencedOperation): void;
  sessionDeleted(reason: DeletionReason, sessions?: number): void;
  bulkDone(operation: BulkOperation, items: number): void;
  replayed(): void;
  feedbackGiven(rating: FeedbackRating): void;
  failed(code: ErrorCode): void;
  readonly lock: LockTelemetry;
  readonly pool: PoolTelemetry;
  readonly cache: CacheTelemetry;
  readonly embeddedServer: EmbeddedServerTelemetry;
  readonly http: HttpTelemetry;
  readonly data: DataTelemetry;
  /** All numbers, in the older of the two forms a Prometheus server reads. */
  exposition(): Promise<string>;
  /** For a Prometheus server: in the form its `Accept` asks for. */
  answerScrape(accept: string | undefined): Promise<Exposition>;
};

export type LockTelemetry = {
  acquired(strategy: LockStrategy, seconds: number): void;
  contended(strategy: LockStrategy): void;
  timedOut(strategy: LockStrategy): void;
  retried(strategy: LockStrategy): void;
};

export type PoolCounts = Readonly<Record<PoolState, number>>;

export type PoolTelemetry = {
  waited(seconds: number): void;
  connectionFailed(): void;
  /** Read at each scrape until the returned function is called; several pools add up. */
  observe(counts: () => PoolCounts): () => void;
};

export type CacheTelemetry = {
  requested(layer: CacheLayer, result: CacheResult): void;
  invalidated(result: InvalidationResult): void;
};

type EmbeddedServerTelemetry = {
  /** Without being told to. */
  ended(): void;
  runningAgain(): void;
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
  limited(): void;
  /** A change stream or a download for which there was no place. */
  refused(kind: LongAnswer, bound: LongAnswerBound): void;
  /** One whose client did not read. */
  cut(kind: LongAnswer): void;
  /** Read at each scrape until the returned function is called. */
  observe(counts: () => HttpCounts): () => void;
};

export type HttpCounts = { readonly inFlight: number; readonly streams: number; readonly downloads: number };
