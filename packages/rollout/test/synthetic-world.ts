import type { RecordingLine } from '../src/prometheus/recording.ts';

/** A healthy service as Prometheus sees it, and what a test changes of it. */
export type World = {
  readonly from: number;
  readonly to: number;
  readonly instances?: readonly string[];
  readonly percent?: number;
  readonly version?: number;
  /** Events of the treatment per hour and instance; the control has nineteen times as many. */
  readonly perHour?: number;
  /** The share of them that fails. */
  readonly failing?: { readonly treatment?: number; readonly control?: number };
  /** Replaces the value of a sample; null removes the sample. */
  readonly change?: (sample: WorldSample) => number | null;
  readonly more?: readonly RecordingLine[];
  /** Whether alert rules are evaluated. */
  readonly watchdog?: boolean;
};

export type WorldSample = {
  readonly metric: string;
  readonly instance: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly at: number;
  readonly value: number;
};

export const SCRAPE_MS = 15_000;
const HOUR_MS = 3_600_000;
/** Long before any bake. */
const STARTED_AT = 1_700_000_000_000;
const CONTROL_TIMES = 19;

type Metric = {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly valueAt: (at: number) => number;
};

export function worldLines(world: World): RecordingLine[] {
  const {
    from,
    to,
    instances = ['api-1:8080', 'api-2:8080'],
    change = ({ value }) => value,
    more = [],
    watchdog = true,
  } = world;
  const lines = instances.flatMap((instance) =>
    metricsOf(world, instance).map(({ name, labels: own, valueAt }): RecordingLine => {
      const labels = { __name__: name, job: 'phaselock-api', instance, ...own };
      const samples: [number, number | 'NaN'][] = [];
      for (let at = from - 10 * SCRAPE_MS; at <= to; at += SCRAPE_MS) {
        const value = change({ metric: name, instance, labels, at, value: valueAt(at) });
        if (value !== null) samples.push([at, Number.isNaN(value) ? 'NaN' : value]);
      }
      return { kind: 'series', labels, samples };
    }),
  );
  return [...lines, ...(watchdog ? [watchdogFiring(world)] : []), ...more];
}

/** The alert of stages.yml that always fires. */
function watchdogFiring({ from, to }: World): RecordingLine {
  const samples: [number, number][] = [];
  for (let at = from - 10 * SCRAPE_MS; at <= to; at += SCRAPE_MS) samples.push([at, 1]);
  const labels = { __name__: 'ALERTS', alertname: 'PhaselockWatchdog', alertstate: 'firing', severity: 'none' };
  return { kind: 'series', labels, samples };
}

function metricsOf(
  { from, percent = 5, version = 7, perHour = 1_200, failing = {} }: World,
  instance: string,
): Metric[] {
  const gauge = (name: string, value: number, labels = {}): Metric => ({ name, labels, valueAt: () => value });
  const counter = (name: string, labels: Metric['labels'], hourly: number): Metric => ({
    name,
    labels,
    // The counter starts above 0, with events from before the bake that must not be counted.
    valueAt: (at) => Math.max(0, Math.floor(((at - from) / HOUR_MS) * hourly + 10_000)),
  });
  const flag = { flag: 'single_session_guard' };
  const cohorts = [
    { cohort: 'treatment', hourly: perHour, share: failing.treatment ?? 0 },
    { cohort: 'control', hourly: perHour * CONTROL_TIMES, share: failing.control ?? 0 },
  ];
  return [
    gauge('up', 1),
    gauge('process_start_time_seconds', STARTED_AT / 1_000),
    gauge('phaselock_build_info', 1, { version: '0.1.0', revision: 'abc', process: `of ${instance}` }),
    gauge('phaselock_flag_enabled', 1, flag),
    gauge('phaselock_rollout_percent', percent, flag),
    gauge('phaselock_flag_version', version, flag),
    gauge('phaselock_flag_read_age_seconds', 0.3),
    gauge('phaselock_audit_last_run_timestamp_seconds', from / 1_000),
    gauge('phaselock_audit_findings', 0, { severity: 'error' }),
    gauge('phaselock_cpu_limit_cores', 2),
    counter('process_cpu_seconds_total', {}, 1_800),
    counter('phaselock_pool_connection_failures_total', {}, 0),
    counter('phaselock_pool_wait_timeouts_total', {}, 0),
    counter('phaselock_pool_wait_seconds_count', {}, perHour),
    counter('phaselock_pool_wait_seconds_bucket', { le: '0.05' }, perHour),
    counter(
      'phaselock_http_requests_total',
      { operation: 'startSession', status_class: '2xx' },
      perHour * CONTROL_TIMES,
    ),
    counter('phaselock_http_requests_total', { operation: 'liveness', status_class: '2xx' }, 1_000_000),
    counter('phaselock_http_requests_shed_total', { reason: 'event_loop_delay' }, 0),
    ...cohorts.flatMap(({ cohort, hourly, share }) => [
      counter('phaselock_session_replacement_attempts_total', { outcome: 'replaced', cohort }, hourly * (1 - share)),
      counter('phaselock_session_replacement_attempts_total', { outcome: 'failed', cohort }, hourly * share),
      counter('phaselock_session_starts_total', { outcome: 'replaced', cohort }, hourly),
      counter('phaselock_session_starts_total', { outcome: 'failed', cohort }, 0),
      counter('phaselock_session_lookup_seconds_count', { source: 'database', cohort }, hourly),
      counter('phaselock_session_lookup_seconds_bucket', { source: 'database', cohort, le: '0.1' }, hourly),
      counter('phaselock_session_replacement_seconds_count', { cohort }, hourly),
      counter('phaselock_session_replacement_seconds_bucket', { cohort, le: '0.5' }, hourly),
    ]),
  ];
}
