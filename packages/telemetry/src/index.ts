export {
  ARCHIVE_COUNTERS,
  ARCHIVE_GAUGES,
  ARCHIVE_HISTOGRAMS,
  ARCHIVE_STANDING_GAUGES,
  type ArchiveFailureCode,
  LAST_RUN_OUTCOME,
  RUN_OUTCOMES,
  type RunOutcome,
} from './archive-metrics.ts';
export type { ArchiveStanding } from './archive-standing.ts';
export { type ArchiveTelemetry, createArchiveTelemetry } from './archive-telemetry.ts';
export { cpuLimitCores } from './cpu-limit.ts';
export { createTelemetry, type TelemetryOptions } from './create-telemetry.ts';
export { cutText } from './cut-text.ts';
export type { ExemplarLabels } from './exemplars.ts';
export type { Exposition } from './exposition.ts';
export { FLAG_GAUGES, GAUGES, KNOWN_GAUGES } from './gauge-catalogue.ts';
export {
  AUDIT_SEVERITIES,
  type AuditSeverity,
  BULK_OPERATIONS,
  type BulkOperation,
  CACHE_LAYERS,
  CACHE_RESULTS,
  type CacheLayer,
  type CacheResult,
  COHORTS,
  type Cohort,
  ERROR_COHORTS,
  type ErrorCohort,
  FEEDBACK_RATINGS,
  FENCED_OPERATIONS,
  type FeedbackRating,
  type FencedOperation,
  INVALIDATION_BUSES,
  INVALIDATION_RESULTS,
  type InvalidationBusName,
  type InvalidationResult,
  LOCK_STRATEGIES,
  LOOKUP_SOURCES,
  type LockStrategy,
  type LongAnswer,
  type LookupSource,
  POOL_STATES,
  type PoolState,
  type QuestionCode,
  REPLACEMENT_OUTCOMES,
  type ReplacementOutcome,
  SHED_REASONS,
  type ShedReason,
  START_OUTCOMES,
  type StartOutcome,
  type StatusClass,
  TURN_OUTCOMES,
  type TurnOutcome,
} from './label-values.ts';
export { LOG_ACTIONS, type LogAction } from './log-actions.ts';
export { LOG_FIELDS, type LogField, type LogFields, type LogFieldType } from './log-fields.ts';
export { logModelChange, type ModelChange } from './log-model-change.ts';
export { createLogger, type Logger, type LoggerOptions, type LogLevel, silentLogger } from './logger.ts';
export { COUNTERS, HISTOGRAMS, HTTP } from './metric-catalogue.ts';
export type { HistogramSpec, LabelSets, LabelValues, MetricSpec } from './metric-specs.ts';
export { type Build, readBuild } from './read-build.ts';
export { redactSecrets, redactText } from './redact-secrets.ts';
export { REDACTED } from './redacted.ts';
export type {
  AuditOutcome,
  CacheTelemetry,
  DataTelemetry,
  FlagCounts,
  FlagTelemetry,
  HttpCounts,
  HttpTelemetry,
  LockTelemetry,
  OperationKind,
  PoolCounts,
  PoolTelemetry,
  Telemetry,
} from './telemetry.ts';
export { exportSpans, type SpanExport, type SpanExportOptions } from './traces/export-spans.ts';
export type { RequestSpan } from './traces/request-span.ts';
