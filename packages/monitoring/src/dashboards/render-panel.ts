import * as common from '@grafana/grafana-foundation-sdk/common';
import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import * as gauge from '@grafana/grafana-foundation-sdk/gauge';
import * as prometheus from '@grafana/grafana-foundation-sdk/prometheus';
import * as stat from '@grafana/grafana-foundation-sdk/stat';
import * as statetimeline from '@grafana/grafana-foundation-sdk/statetimeline';
import * as table from '@grafana/grafana-foundation-sdk/table';
import * as timeseries from '@grafana/grafana-foundation-sdk/timeseries';
import type { Place } from './layout.ts';
import type { PanelPlan, Query } from './plan.ts';

export const DATASOURCE = { type: 'prometheus', uid: '$datasource' } as const;

export type PanelContext = { readonly id: number; readonly place: Place; readonly runbook: string };

type Builder =
  | gauge.PanelBuilder
  | stat.PanelBuilder
  | statetimeline.PanelBuilder
  | table.PanelBuilder
  | timeseries.PanelBuilder;

/** The Grafana panel of a plan. Every panel has a data source, a unit, a description and a link to its runbook. */
export function renderPanel(panel: PanelPlan, { id, place, runbook }: PanelContext): Builder {
  const builder = ofKind(panel)
    .id(id)
    .title(panel.title)
    .description(panel.description)
    .datasource(DATASOURCE)
    .gridPos(place)
    .unit(panel.unit)
    .thresholds(thresholds(panel))
    .links([
      new dashboard.DashboardLinkBuilder('Runbook')
        .type(dashboard.DashboardLinkType.Link)
        .url(runbook)
        .targetBlank(true),
    ]);
  for (const [index, query] of panel.queries.entries()) builder.withTarget(target(panel, query, index));
  if (panel.min !== undefined) builder.min(panel.min);
  if (panel.max !== undefined) builder.max(panel.max);
  if (panel.decimals !== undefined) builder.decimals(panel.decimals);
  if (panel.none !== undefined) builder.noValue(panel.none);
  if (panel.words !== undefined) builder.mappings([mapping(panel.words)]);
  return builder;
}

function ofKind(panel: PanelPlan): Builder {
  switch (panel.kind) {
    case 'stat':
      return new stat.PanelBuilder()
        .colorMode(judged(panel) ? common.BigValueColorMode.Background : common.BigValueColorMode.None)
        .graphMode(common.BigValueGraphMode.None)
        .textMode(panel.queries.some(({ legend: name }) => name.includes('{{')) ? VALUE_AND_NAME : VALUE)
        .reduceOptions(lastValue());
    case 'gauge':
      return new gauge.PanelBuilder().reduceOptions(lastValue()).showThresholdMarkers(true);
    case 'table':
      return new table.PanelBuilder().withTransformation(columns(panel.columns ?? {}));
    case 'state-timeline':
      return new statetimeline.PanelBuilder()
        .mergeValues(true)
        .showValue(common.VisibilityMode.Auto)
        .legend(legend())
        .rowHeight(0.8);
    case 'timeseries':
      return chart(panel);
  }
}

/** Whether a limit or a text marks the values of the panel as good or bad. */
const judged = ({ limit, words }: PanelPlan): boolean => limit !== undefined || words !== undefined;

const VALUE = common.BigValueTextMode.Value;
const VALUE_AND_NAME = common.BigValueTextMode.ValueAndName;

function chart({ stacked = false, limit }: PanelPlan): timeseries.PanelBuilder {
  const builder = new timeseries.PanelBuilder()
    .lineWidth(1)
    .fillOpacity(stacked ? 40 : 8)
    .showPoints(common.VisibilityMode.Never)
    .legend(legend())
    .tooltip(
      new common.VizTooltipOptionsBuilder().mode(common.TooltipDisplayMode.Multi).sort(common.SortOrder.Descending),
    )
    .overrideByRegexp('/^(5xx|failed|errors|error)$/', [{ id: 'color', value: { mode: 'fixed', fixedColor: 'red' } }]);
  if (stacked) builder.stacking(new common.StackingConfigBuilder().mode(common.StackingMode.Normal));
  if (limit !== undefined)
    builder.thresholdsStyle(
      new common.GraphThresholdsStyleConfigBuilder().mode(common.GraphThresholdsStyleMode.Dashed),
    );
  return builder;
}

const legend = () =>
  new common.VizLegendOptionsBuilder()
    .showLegend(true)
    .displayMode(common.LegendDisplayMode.List)
    .placement(common.LegendPlacement.Bottom);

const lastValue = () => new common.ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false);

/** The first step has no value, which stands for minus infinity. Without a limit, no value is good or bad. */
function thresholds({ limit }: PanelPlan): dashboard.ThresholdsConfigBuilder {
  const steps = ((): dashboard.Threshold[] => {
    if (limit === undefined) return [{ value: null, color: 'text' }];
    const [first, then] = limit.bad === 'above' ? ['green', 'red'] : ['red', 'green'];
    return [
      { value: null, color: first },
      { value: limit.at, color: then },
    ];
  })();
  return new dashboard.ThresholdsConfigBuilder().mode(dashboard.ThresholdsMode.Absolute).steps(steps);
}

function target({ kind }: PanelPlan, { expr, legend: name, exemplars = false }: Query, index: number) {
  const query = new prometheus.DataqueryBuilder()
    .refId(String.fromCharCode('A'.charCodeAt(0) + index))
    .datasource(DATASOURCE)
    .editorMode(prometheus.QueryEditorMode.Code)
    .expr(expr)
    .legendFormat(name)
    .exemplar(exemplars);
  if (kind === 'table') return query.instant().format(prometheus.PromQueryFormat.Table);
  // An instant query returns no value without traffic. A range query would return the last value from before.
  return kind === 'gauge' || kind === 'stat' ? query.instant() : query.range();
}

const mapping = (words: NonNullable<PanelPlan['words']>): dashboard.ValueMapping => ({
  type: dashboard.MappingType.ValueToText,
  options: Object.fromEntries(
    Object.entries(words).map(([value, { text, color }], index) => [value, { text, color, index }]),
  ),
});

/** Shows the given labels as columns, in their order, and hides the columns for the time and the value. */
const columns = (shown: Readonly<Record<string, string>>): dashboard.DataTransformerConfig => ({
  id: 'organize',
  options: {
    excludeByName: { Time: true, Value: true },
    indexByName: Object.fromEntries(Object.keys(shown).map((label, index) => [label, index])),
    renameByName: shown,
  },
});
