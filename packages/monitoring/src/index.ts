export { fieldsPage } from './logs/fields-page.ts';
export { indexProperties, type Mapping, REMOVED_FIELDS, SHIPPED_FIELDS } from './logs/index-fields.ts';
export { LOG_PATTERN } from './logs/index-files.ts';
export { kibanaObjects, LOG_CHARTS, LOG_SEARCHES } from './logs/kibana-objects.ts';
export { JOBS } from './promql/jobs.ts';
export type { Matchers, SeriesName } from './promql/metrics.ts';
export { series } from './promql/series.ts';
