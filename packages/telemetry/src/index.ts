export { createTelemetry, type TelemetryOptions } from './create-telemetry.ts';
export {
  BULK_OPERATIONS,
  type BulkOperation,
  CACHE_LAYERS,
  CACHE_RESULTS,
  type CacheLayer,
  type CacheResult,
  FEEDBACK_RATINGS,
  FENCED_OPERATIONS,
  type FeedbackRating,
  type FencedOperation,
  INVALIDATION_RESULTS,
  type InvalidationResult,
  LOCK_STRATEGIES,
  LOOKUP_SOURCES,
  type LockStrategy,
  type LookupSource,
  POOL_STATES,
  type PoolState,
  START_OUTCOMES,
  type StartOutcome,
  TURN_OUTCOMES,
  type TurnOutcome,
} from './label-values.ts';
export { logModelChange, type ModelChange } from './log-model-change.ts';
export { createLogger, type Logger, type LoggerOptions, type LogLevel, silentLogger } from './logger.ts';
export { COUNTERS, GAUGES, HISTOGRAMS } from './metric-catalogue.ts';
export type { HistogramSpec, LabelSets, LabelValues, MetricSpec } from './metric-specs.ts';
export { REDACTED, redactSecrets, redactText } from './redact-secrets.ts';
export type { CacheTelemetry, LockTelemetry, PoolCounts, PoolTelemetry, Telemetry } from './telemetry.ts';
