export { JOBS } from './promql/jobs.ts';
export type { Matchers, SeriesName } from './promql/metrics.ts';
export { series } from './promql/series.ts';
