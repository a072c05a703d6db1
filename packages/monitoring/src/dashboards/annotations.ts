import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import { chosen } from './expressions.ts';
import { DATASOURCE } from './render-panel.ts';

type Mark = { readonly name: string; readonly color: string; readonly expr: string; readonly text: string };

/** Events marked in every chart: changed rollout percentages, switched flags, process starts and pages. */
export const MARKS: readonly Mark[] = [
  {
    name: 'Stage',
    color: 'blue',
    // A verdict that passes raises the percentage. A verdict that fails, or a kill, switches the flag off.
    expr: `max by (flag) (changes(${chosen('phaselock_rollout_percent')}[1m])) > 0`,
    text: '{{flag}}: rollout percentage changed',
  },
  {
    name: 'Flag switched',
    color: 'purple',
    expr: `max by (flag) (changes(${chosen('phaselock_flag_enabled')}[1m])) > 0`,
    text: '{{flag}}: switched on or off, killed, or aborted by a verdict',
  },
  {
    name: 'Process started',
    color: 'orange',
    expr: `max by (instance) (changes(${chosen('process_start_time_seconds')}[1m])) > 0`,
    text: '{{instance}} started',
  },
  {
    name: 'Page',
    color: 'red',
    expr: 'max by (alertname) (ALERTS{alertstate="firing",service="phaselock",severity="page"})',
    text: '{{alertname}} fires',
  },
];

export const annotation = ({ name, color, expr, text }: Mark): dashboard.AnnotationQueryBuilder =>
  new dashboard.AnnotationQueryBuilder()
    .name(name)
    .datasource(DATASOURCE)
    .enable(true)
    .iconColor(color)
    .expr(expr)
    .step('15s')
    .titleFormat(name)
    .textFormat(text);
