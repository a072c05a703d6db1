export type { Severity } from './alerts/alert.ts';
export { ALERTS, alertRules, type ListedAlert } from './alerts/alert-rules.ts';
export { JOBS } from './promql/jobs.ts';
export type { Matchers, SeriesName } from './promql/metrics.ts';
export { series } from './promql/series.ts';
export { recordingRules } from './recording/recording-rules.ts';
export type { RuleOptions } from './rules/rule-context.ts';
