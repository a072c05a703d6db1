import type { JOBS } from '../../promql/jobs.ts';

/** Every alert has one of each of the first four; `more` are what is particular to it. */
export type CaseKind = 'fires' | 'does not' | 'just below' | 'no data' | 'more';

/** Samples of a series in the notation of promtool, one each step: `0+10x60`. */
export type Given = Readonly<Record<string, string>>;

export type AlertCase = {
  readonly kind: CaseKind;
  readonly why: string;
  readonly given: Given;
  /** When it is looked at, in seconds from the first sample. */
  readonly at: number;
  /** How many of the alert's rule fire then. */
  readonly firing: number;
};

export type AlertCases = {
  readonly alert: string;
  /** Of an alert on a budget: the label. */
  readonly window?: string;
  /** Seconds between two samples, and between two evaluations. */
  readonly step: number;
  readonly cases: readonly AlertCase[];
};

export const API_JOB: (typeof JOBS)['api'] = 'phaselock-api';
export const WORKER_JOB: (typeof JOBS)['worker'] = 'phaselock-purge-worker';

/** A series of an instance, by the labels that are particular to it. */
export function seriesOf(metric: string, labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  return `${metric}{${pairs.join(',')}}`;
}

export const ofApi = (metric: string, labels: Readonly<Record<string, string>> = {}, instance = 'a'): string =>
  seriesOf(metric, { job: API_JOB, instance, ...labels });

export const ofWorker = (metric: string, labels: Readonly<Record<string, string>> = {}, instance = 'w'): string =>
  seriesOf(metric, { job: WORKER_JOB, instance, ...labels });

export const NOTHING: Given = {};

/** A case that is looked at so long after the first sample. */
export const caseAt =
  (at: number) =>
  (kind: CaseKind, why: string, firing: number, given: Given): AlertCase => ({ kind, why, at, firing, given });
