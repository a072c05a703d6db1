import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import { annotation, MARKS } from './annotations.ts';
import { layOut } from './layout.ts';
import type { DashboardPlan } from './plan.ts';
import { DATASOURCE, renderPanel } from './render-panel.ts';

/** By this text, checks/rollout/one-place.test.ts recognises a file whose limits are generated. */
const MADE_FROM = 'Made from ops/rollout/stages.yml and packages/monitoring/src/dashboards';

/** The JSON that Grafana imports. `runbook` returns the address of an alert's runbook. */
export function renderDashboard(plan: DashboardPlan, runbook: (alert: string) => string): string {
  const builder = new dashboard.DashboardBuilder(plan.title)
    .uid(plan.uid)
    .tags(['phaselock'])
    .readonly()
    .timezone('browser')
    .refresh('30s')
    .time({ from: 'now-1h', to: 'now' })
    .tooltip(dashboard.DashboardCursorSync.Crosshair)
    .variables(variables(plan))
    .annotations(MARKS.map(annotation))
    .link(
      new dashboard.DashboardLinkBuilder('phaselock')
        .type(dashboard.DashboardLinkType.Dashboards)
        .tags(['phaselock'])
        .asDropdown(true)
        .keepTime(true),
    );
  for (const row of layOut(plan)) {
    builder.withRow(new dashboard.RowBuilder(row.title).id(row.id).gridPos(row.place).collapsed(false));
    for (const panel of row.panels)
      builder.withPanel(renderPanel(panel, { id: panel.id, place: panel.place, runbook: runbook(panel.runbook) }));
  }
  const description = `${plan.description} ${MADE_FROM}: PHASELOCK_UPDATE_DOCS=1 npx pnpm@12 test packages/monitoring`;
  return `${JSON.stringify({ title: plan.title, description, ...builder.description(description).build(), id: null }, undefined, 2)}\n`;
}

function variables({ jobsOf, jobs, rows }: DashboardPlan) {
  const source = new dashboard.DatasourceVariableBuilder('datasource').label('Data source').type('prometheus');
  const labels = (name: string, label: string, query: string) =>
    new dashboard.QueryVariableBuilder(name)
      .label(label)
      .datasource(DATASOURCE)
      .query({ query, refId: name })
      .refresh(dashboard.VariableRefresh.OnTimeRangeChanged)
      .sort(dashboard.VariableSort.AlphabeticalAsc)
      .multi(true)
      .includeAll(true)
      .allValue('.+');
  const job = labels('job', 'Job', `label_values(${jobsOf}, job)`).current({ text: [...jobs], value: [...jobs] });
  const instance = labels('instance', 'Instance', `label_values(${jobsOf}{job=~"$job"}, instance)`).current({
    text: 'All',
    value: '$__all',
  });
  const hasBudgets = rows.some(({ panels }) =>
    panels.some(({ queries }) => queries.some(({ expr }) => expr.includes('$budget'))),
  );
  const budget = new dashboard.CustomVariableBuilder('budget')
    .label('Budget')
    .values('30d,7d,1d')
    .current({ text: '30d', value: '30d' });
  return [source, job, instance, ...(hasBudgets ? [budget] : [])];
}
