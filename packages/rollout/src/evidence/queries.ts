import { comparesCohorts } from '../gates/required-sizes.ts';
import { selectorText } from '../prometheus/selector-text.ts';
import type { Gate, Selector, Stage, Stages } from '../stages/stages.ts';

/** The queries of a gate: all events, and the bad ones or, for a latency, the good ones. */
export type GateQueries =
  | {
      readonly kind: 'bad';
      readonly total: readonly string[];
      readonly bad: readonly string[];
      /** Events that are in two of `total`. */
      readonly twice: readonly string[];
    }
  | { readonly kind: 'good'; readonly total: readonly string[]; readonly good: readonly string[] }
  | { readonly kind: 'use'; readonly used: string; readonly capacity: string };

export function gateQueries({ prometheus }: Stages, { cohorts }: Stage, gate: Gate): GateQueries {
  const also = {
    job: [prometheus.job],
    ...(comparesCohorts(gate, cohorts) ? { [cohorts.label]: [...cohorts.treatment, ...cohorts.control] } : {}),
  };
  const text = (selector: Selector): string => selectorText(selector, also);
  switch (gate.kind) {
    case 'failures':
      return { kind: 'bad', total: gate.total.map(text), bad: gate.bad.map(text), twice: gate.twice.map(text) };
    case 'latency': {
      const { metric, labels, not } = gate.histogram;
      const le = [String(gate.limitSeconds)];
      return {
        kind: 'good',
        total: [text({ metric: `${metric}_count`, labels, not })],
        good: [text({ metric: `${metric}_bucket`, labels: { ...labels, le }, not })],
      };
    }
    case 'utilisation':
      return { kind: 'use', used: text(gate.used), capacity: text(gate.capacity) };
  }
}

export function namesOf(queries: GateQueries): string[] {
  switch (queries.kind) {
    case 'bad':
      return [...queries.bad, ...queries.total, ...queries.twice];
    case 'good':
      return [...queries.good, ...queries.total];
    case 'use':
      return [queries.used, queries.capacity];
  }
}

/**
 * Operations that are never shed and are called all the time. Counted, they would hide that a large share of the other
 * requests is shed.
 */
export const PROBES: readonly string[] = ['liveness', 'readiness', 'metrics'];

/** Selects the watchdog alert, of any job. */
export const watchdogQuery = (alertname: string): string =>
  selectorText({ metric: 'ALERTS', labels: { alertname: [alertname], alertstate: ['firing'] }, not: {} });

export type StandingQueries = Record<
  | 'start'
  | 'process'
  | 'up'
  | 'requests'
  | 'shed'
  | 'enabled'
  | 'percent'
  | 'version'
  | 'age'
  | 'auditRun'
  | 'auditErrors'
  | 'firing',
  string
>;

/** The queries that every verdict needs besides those of its gates. */
export function standingQueries({ prometheus }: Stages, { flag }: Stage): StandingQueries {
  const job = { job: [prometheus.job] };
  const of = (metric: string, labels: Selector['labels'] = {}): string =>
    selectorText({ metric, labels: { ...job, ...labels }, not: {} });
  const ofFlag = { flag: [flag] };
  return {
    start: of('process_start_time_seconds'),
    process: of('phaselock_build_info'),
    up: of('up'),
    requests: selectorText({ metric: 'phaselock_http_requests_total', labels: job, not: { operation: PROBES } }),
    shed: of('phaselock_http_requests_shed_total'),
    enabled: of('phaselock_flag_enabled', ofFlag),
    percent: of('phaselock_rollout_percent', ofFlag),
    version: of('phaselock_flag_version', ofFlag),
    age: of('phaselock_flag_read_age_seconds'),
    auditRun: of('phaselock_audit_last_run_timestamp_seconds'),
    auditErrors: of('phaselock_audit_findings', { severity: ['error'] }),
    // Of any job, because a rollout may break another one.
    firing: selectorText({ metric: 'ALERTS', labels: { alertstate: ['firing'], severity: ['page'] }, not: {} }),
  };
}
