export {
  ARCHIVE_COUNTERS,
  ARCHIVE_GAUGES,
  ARCHIVE_HISTOGRAMS,
  type ArchiveFailureCode,
} from './archive-metrics.ts';
export { type ArchiveStanding, type ArchiveTelemetry, createArchiveTelemetry } from './archive-telemetry.ts';
export { createTelemetry, type TelemetryOptions } from './create-telemetry.ts';
export { cutText } from './cut-text.ts';
export {
  BULK_OPERATIONS,
  type BulkOperation,
  CACHE_LAYERS,
  CACHE_RESULTS,
  type CacheLayer,
  type CacheResult,
  COHORTS,
  type Cohort,
  FEEDBACK_RATINGS,
  FENCED_OPERATIONS,
  type FeedbackRating,
  type FencedOperation,
  INVALIDATION_RESULTS,
  type InvalidationResult,
  LOCK_STRATEGIES,
  LOOKUP_SOURCES,
  type LockStrategy,
  type LongAnswer,
  type LookupSource,
  POOL_STATES,
  type PoolState,
  SHED_REASONS,
  type ShedReason,
  START_OUTCOMES,
  type StartOutcome,
  TURN_OUTCOMES,
  type TurnOutcome,
} from './label-values.ts';
export { logModelChange, type ModelChange } from './log-model-change.ts';
export { createLogger, type Logger, type LoggerOptions, type LogLevel, silentLogger } from './logger.ts';
export { COUNTERS, FLAG_GAUGES, GAUGES, HISTOGRAMS, HTTP } from './metric-catalogue.ts';
export type { HistogramSpec, LabelSets, LabelValues, MetricSpec } from './metric-specs.ts';
export { redactSecrets, redactText } from './redact-secrets.ts';
export { REDACTED } from './redacted.ts';
export type {
  CacheTelemetry,
  FlagCounts,
  FlagTelemetry,
  HttpCounts,
  HttpTelemetry,
  LockTelemetry,
  PoolCounts,
  PoolTelemetry,
  Telemetry,
} from './telemetry.ts';
