import type { FailuresGate, Gate, LatencyGate, Selector, Stages } from '@phaselock/rollout';
import { selectorText } from '@phaselock/rollout';
import { JOBS } from '../promql/jobs.ts';
import { ofEachInstance } from '../promql/of-each-instance.ts';
import { series } from '../promql/series.ts';

/** A service level indicator: how many events each process has counted since it started, and how many were bad. */
export type Indicator = {
  readonly name: string;
  readonly events: (stages: Stages) => string;
  readonly bad: (stages: Stages) => string;
};

/** Longer waits for a connection need a larger pool: "Connection Pool Configuration" of the specification. */
export const LONG_WAIT_SECONDS = 0.1;

const api = { job: JOBS.api } as const;

/**
 * Requests that a client waits for. Streams, downloads and probes are in other histograms, and requests without a
 * route are left out.
 */
const ANSWERS = ofEachInstance(series('phaselock_http_request_seconds_count', api, { not: { operation: 'unknown' } }));
const WAITS = ofEachInstance(series('phaselock_pool_wait_seconds_count', api));
const SHORT_WAITS = ofEachInstance(
  series('phaselock_pool_wait_seconds_bucket', { le: String(LONG_WAIT_SECONDS), ...api }),
);
const TRIED_LOCKS = ofEachInstance(
  series('phaselock_lock_acquisitions_total', api),
  series('phaselock_lock_timeouts_total', api),
);
const STORED_SNAPSHOTS = series('phaselock_cache_requests_total', { layer: 'redis', ...api });
const worker = { job: JOBS.worker } as const;

const ofGate = <Name extends string>(name: Name, gate: string) => ({
  name,
  events: (stages: Stages) => eventsOf(gateNamed(stages, gate)),
  bad: (stages: Stages) => badOf(gateNamed(stages, gate)),
});
const of = <Name extends string>(name: Name, bad: string, events: string) => ({
  name,
  events: () => events,
  bad: () => bad,
});

/** All indicators. Their names are the values of the label `sli`. */
export const INDICATORS = [
  of(
    'availability',
    // Counts only operations that are also in the histogram behind ANSWERS.
    `sum by (job, instance) (${series('phaselock_http_requests_total', { status_class: '5xx', ...api }, { not: { operation: 'unknown' } })} and on (job, instance, operation) ${series('phaselock_http_request_seconds_count', api)})`,
    ANSWERS,
  ),
  ofGate('replacement', 'replacement_success'),
  ofGate('lookup', 'lookup_time'),
  ofGate('replacement_time', 'replacement_time'),
  ofGate('starts', 'error_rate'),
  of('pool_wait', `${WAITS} - ${SHORT_WAITS}`, WAITS),
  ofGate('connections', 'connection_failures'),
  ofGate('lock_timeouts', 'lock_timeouts'),
  of('lock_contention', ofEachInstance(series('phaselock_lock_contention_total', api)), TRIED_LOCKS),
  of('shed', ofEachInstance(series('phaselock_http_requests_shed_total', api)), ANSWERS),
  of('storage', ofEachInstance(series('phaselock_errors_total', { code: 'storage_full', ...api })), ANSWERS),
  of(
    'redis',
    ofEachInstance(
      series('phaselock_cache_requests_total', { layer: 'redis', result: ['failed', 'bypassed'], ...api }),
    ),
    ofEachInstance(STORED_SNAPSHOTS),
  ),
  of(
    'invalidations',
    ofEachInstance(series('phaselock_cache_invalidations_total', { result: 'failed', ...api })),
    ofEachInstance(series('phaselock_cache_invalidations_total', { result: ['delivered', 'failed'], ...api })),
  ),
  of(
    'purge',
    ofEachInstance(series('phaselock_archive_failures_total', worker)),
    ofEachInstance(
      series('phaselock_archive_failures_total', worker),
      series('phaselock_archive_sessions_archived_total', worker),
    ),
  ),
] as const satisfies readonly Indicator[];

export type IndicatorName = (typeof INDICATORS)[number]['name'];

export function gateNamed({ gates }: Stages, name: string): FailuresGate | LatencyGate {
  const gate: Gate | undefined = gates.find((each) => each.name === name);
  if (gate === undefined || gate.kind === 'utilisation') throw new Error(`${name} is no event gate in stages.yml.`);
  return gate;
}

/** The share of events that may be bad. */
export const allowedBy = (gate: FailuresGate | LatencyGate): number =>
  gate.kind === 'failures' ? gate.limit : Number((1 - gate.quantile).toFixed(6));

/** The limit of a latency gate, in milliseconds. */
export function slowerThanMs(stages: Stages, name: string): number {
  const gate = gateNamed(stages, name);
  if (gate.kind !== 'latency') throw new Error(`${name} is no latency gate in stages.yml.`);
  return gate.limitSeconds * 1_000;
}

const text = (selector: Selector): string => selectorText(selector, { job: [JOBS.api] });

function eventsOf(gate: FailuresGate | LatencyGate): string {
  if (gate.kind === 'latency') return ofEachInstance(text(part(gate, '_count')));
  const twice = gate.twice.map((selector) => ` - ${ofEachInstance(text(selector))}`);
  return `${ofEachInstance(...gate.total.map(text))}${twice.join('')}`;
}

function badOf(gate: FailuresGate | LatencyGate): string {
  if (gate.kind === 'failures') return ofEachInstance(...gate.bad.map(text));
  // Prometheus 2 and 3 write the label `le` of a whole number differently.
  if (Number.isInteger(gate.limitSeconds))
    throw new Error(`${gate.name}: a bucket of whole seconds cannot be selected.`);
  const within = part(gate, '_bucket', { le: [String(gate.limitSeconds)] });
  return `${eventsOf(gate)} - ${ofEachInstance(text(within))}`;
}

const part = ({ histogram }: LatencyGate, suffix: string, labels: Selector['labels'] = {}): Selector => ({
  ...histogram,
  metric: `${histogram.metric}${suffix}`,
  labels: { ...histogram.labels, ...labels },
});
