import type {
  ARCHIVE_COUNTERS,
  ARCHIVE_GAUGES,
  ARCHIVE_HISTOGRAMS,
  ARCHIVE_STANDING_GAUGES,
  AuditSeverity,
  COUNTERS,
  FLAG_GAUGES,
  GAUGES,
  HISTOGRAMS,
  HTTP,
  InvalidationBusName,
  KNOWN_GAUGES,
  LAST_RUN_OUTCOME,
  RunOutcome,
  StatusClass,
} from '@phaselock/telemetry';

type ValueOf<Specs> = Specs[keyof Specs];
type Named = { readonly name: string };

/** The metrics of a catalogue by name, each with its labels and the values each label may have. */
type ByName<Spec extends Named> = {
  readonly [One in Spec as One['name']]: One extends { readonly labels: infer Sets } ? Closed<Sets> : NoLabels;
};
type Closed<Sets> = { readonly [Label in keyof Sets]: Sets[Label] extends readonly (infer Value)[] ? Value : never };
type NoLabels = Readonly<Record<never, string>>;
type NameOf<Specs, Key extends keyof Specs> = Specs[Key] extends { readonly name: infer Name extends string }
  ? Name
  : never;

/** Metrics whose labels are defined where they are registered. `operation` may be any operation of the API. */
type GivenLabels = Record<NameOf<typeof HTTP, 'requests'>, { operation: string; status_class: StatusClass }> &
  Record<NameOf<typeof KNOWN_GAUGES, 'buildInfo'>, { version: string; revision: string; process: string }> &
  Record<NameOf<typeof KNOWN_GAUGES, 'busHealthy'>, { bus: InvalidationBusName }> &
  Record<NameOf<typeof KNOWN_GAUGES, 'auditFindings' | 'incrementalAuditFindings'>, { severity: AuditSeverity }> &
  Record<(typeof LAST_RUN_OUTCOME)['name'], { outcome: RunOutcome }>;

/** Metrics of every Node process, under the names that all Prometheus clients share, and of Prometheus itself. */
type OfOthers = Record<
  | 'up'
  | 'process_cpu_seconds_total'
  | 'process_resident_memory_bytes'
  | 'process_start_time_seconds'
  | 'process_open_fds'
  | 'process_max_fds'
  | 'nodejs_heap_size_used_bytes'
  | 'nodejs_heap_size_total_bytes'
  | 'nodejs_external_memory_bytes'
  | 'nodejs_eventloop_lag_seconds'
  | 'nodejs_eventloop_lag_p50_seconds'
  | 'nodejs_eventloop_lag_p99_seconds',
  NoLabels
> &
  Record<'ALERTS', { alertname: string; alertstate: 'pending' | 'firing'; severity: string }>;

type Plain = ByName<ValueOf<typeof COUNTERS>> &
  ByName<ValueOf<typeof GAUGES>> &
  ByName<ValueOf<typeof FLAG_GAUGES>> &
  ByName<Exclude<ValueOf<typeof KNOWN_GAUGES>, { name: keyof GivenLabels }>> &
  ByName<ValueOf<typeof ARCHIVE_COUNTERS>> &
  ByName<ValueOf<typeof ARCHIVE_GAUGES>> &
  ByName<ValueOf<typeof ARCHIVE_STANDING_GAUGES>> &
  GivenLabels &
  OfOthers;

type Histograms = ByName<ValueOf<typeof HISTOGRAMS>> &
  ByName<ValueOf<typeof ARCHIVE_HISTOGRAMS>> &
  Record<NameOf<typeof HTTP, 'seconds' | 'longAnswers' | 'probes'>, { operation: string }> &
  Record<'nodejs_gc_duration_seconds', { kind: string }>;

type HistogramName = keyof Histograms & string;

/** Every series the product exposes. A histogram has the series of its buckets, its sum and its count. */
type AllSeries = Plain & {
  readonly [Name in HistogramName as `${Name}_bucket`]: Histograms[Name] & { le: string };
} & { readonly [Name in HistogramName as `${Name}_sum` | `${Name}_count`]: Histograms[Name] };

export type SeriesName = keyof AllSeries & string;

type OfEachTarget = { job: string; instance: string };

/** The labels of a series and those that a scrape adds; a label may be matched by one of its values or by several. */
export type Matchers<Name extends SeriesName> = {
  readonly [Label in keyof AllSeries[Name] | keyof OfEachTarget]?: Label extends keyof AllSeries[Name]
    ? AllSeries[Name][Label] | readonly AllSeries[Name][Label][]
    : string | readonly string[];
};
