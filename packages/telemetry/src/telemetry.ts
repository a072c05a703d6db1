import type { DeletionReason, ErrorCode, Mode, Phase, ProcessEnding } from '@phaselock/core';
import type {
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
  feedbackGiven(rating: FeedbackRating): void;
  failed(code: ErrorCode): void;
  readonly lock: LockTelemetry;
  readonly pool: PoolTelemetry;
  readonly cache: CacheTelemetry;
  readonly embeddedServer: EmbeddedServerTelemetry;
  readonly flags: FlagTelemetry;
  readonly http: HttpTelemetry;
  /** The text a Prometheus server scrapes, to be sent as `contentType`. */
  exposition(): Promise<string>;
  readonly contentType: string;
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

export type HttpTelemetry = {
  answered(operation: string, status: number, seconds: number): void;
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
