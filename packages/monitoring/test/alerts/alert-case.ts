import type { JOBS } from '../../src/promql/jobs.ts';

/** Every alert has a case of each of the first four kinds; `more` covers conditions particular to one alert. */
export type CaseKind = 'fires' | 'does not' | 'just below' | 'no data' | 'more';

/** Samples of a series in the notation of promtool, one each step: `0+10x60`. */
export type Given = Readonly<Record<string, string>>;

export type AlertCase = {
  readonly kind: CaseKind;
  readonly why: string;
  readonly given: Given;
  /** When the alert is evaluated, in seconds from the first sample. */
  readonly at: number;
  /** How many instances of the alert fire at that time. */
  readonly firing: number;
};

export type AlertCases = {
  readonly alert: string;
  /** The label `window` of a budget alert. */
  readonly window?: string;
  /** Seconds between two samples, and between two evaluations. */
  readonly step: number;
  readonly cases: readonly AlertCase[];
};

/** Written out, because the cases test the definitions. */
const API_JOB: (typeof JOBS)['api'] = 'phaselock-api';
const WORKER_JOB: (typeof JOBS)['worker'] = 'phaselock-purge-worker';

/** The name of a series with its labels. */
function seriesOf(metric: string, labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  return `${metric}{${pairs.join(',')}}`;
}

export const ofApi = (metric: string, labels: Readonly<Record<string, string>> = {}, instance = 'a'): string =>
  seriesOf(metric, { job: API_JOB, instance, ...labels });

export const ofWorker = (metric: string, labels: Readonly<Record<string, string>> = {}, instance = 'w'): string =>
  seriesOf(metric, { job: WORKER_JOB, instance, ...labels });

export const NOTHING: Given = {};

/** Makes cases that are evaluated `at` seconds after the first sample. */
export const caseAt =
  (at: number) =>
  (kind: CaseKind, why: string, firing: number, given: Given): AlertCase => ({ kind, why, at, firing, given });
