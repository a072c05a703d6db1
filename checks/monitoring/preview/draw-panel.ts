import type { Panel } from '../dashboards/read-dashboards.ts';
import type { Period } from './ask-prometheus.ts';
import type { Mark, NamedSeries, PanelData } from './collect-panel.ts';
import { type ChartInput, colorOfNamed, drawChart, type Size } from './draw-chart.ts';
import { drawGauge } from './draw-gauge.ts';
import { escaped } from './escape-html.ts';
import { isJudged, shown } from './judge-value.ts';

export type PanelInput = {
  readonly panel: Panel;
  readonly data: PanelData;
  readonly marks: readonly Mark[];
  readonly period: Period;
};

const LEGEND_LINE = 17;

/** The content of a panel, below its title. */
export function drawPanel(input: PanelInput, size: Size): string {
  const { panel, data } = input;
  const values = data.series.filter(({ points }) => points.some(([, value]) => Number.isFinite(value)));
  if (values.length === 0) return `<div class="none">${escaped(panel.fieldConfig.defaults.noValue ?? 'No data')}</div>`;
  switch (panel.type) {
    case 'stat':
      return stat(panel, values, size);
    case 'gauge':
      return drawGauge(panel, lastOf(values[0]), size);
    case 'table':
      return table(panel, values);
    case 'state-timeline':
      return timeline(input, values, size);
    case 'timeseries':
      return chart(input, values, size);
  }
}

const lastOf = (series: NamedSeries | undefined): number =>
  series?.points.findLast(([, value]) => Number.isFinite(value))?.[1] ?? Number.NaN;

function stat(panel: Panel, series: readonly NamedSeries[], { width, height }: Size): string {
  const named = panel.options.textMode === 'value_and_name';
  const longest = Math.max(...series.map((one) => shown(panel, lastOf(one)).text.length));
  const font = Math.min(34, height * (named ? 0.2 : 0.34), width / series.length / longest / 0.75);
  const cells = series.map((one) => {
    const { text, color } = shown(panel, lastOf(one));
    const name = named ? `<span class="name">${escaped(one.name)}</span>` : '';
    const style = isJudged(panel) ? `background:${color};color:#111` : `color:${color}`;
    return `<div class="stat" style="${style}">${name}<b style="font-size:${font}px">${escaped(text)}</b></div>`;
  });
  return `<div class="stats">${cells.join('')}</div>`;
}

function table({ transformations = [] }: Panel, series: readonly NamedSeries[]): string {
  const columns = Object.entries(transformations[0]?.options.renameByName ?? {});
  const head = columns.map(([, title]) => `<th>${escaped(title)}</th>`).join('');
  const rows = series.map(
    ({ labels }) => `<tr>${columns.map(([label]) => `<td>${escaped(labels[label] ?? '')}</td>`).join('')}</tr>`,
  );
  return `<table><tr>${head}</tr>${rows.join('')}</table>`;
}

/** One bar for each series, which shows its states over time. */
function timeline({ panel, period }: PanelInput, series: readonly NamedSeries[], { height }: Size): string {
  const span = period.to - period.from;
  const bar = Math.min(30, Math.floor(height / series.length) - 6);
  const lanes = series.map(({ name, points }) => {
    const cells = points.map(([at, value]) => {
      const { text, color } = shown(panel, value);
      const left = ((at - period.from) / span) * 100;
      const width = Math.min((period.stepSeconds / span) * 100, 100 - left);
      return `<i title="${escaped(text)}" style="left:${left.toFixed(3)}%;width:${(width + 0.05).toFixed(3)}%;background:${color}"></i>`;
    });
    const last = shown(panel, points.at(-1)?.[1] ?? Number.NaN);
    return `<div class="lane"><span>${escaped(name)}</span><div style="height:${bar}px">${cells.join('')}<em>${escaped(last.text)}</em></div></div>`;
  });
  return `<div class="lanes">${lanes.join('')}</div>`;
}

function chart(input: ChartInput, series: readonly NamedSeries[], { width, height }: Size): string {
  const legend = series.map(({ name }) => ({
    name,
    color: colorOfNamed(
      input.panel,
      name,
      input.data.series.findIndex((one) => one.name === name),
    ),
  }));
  const lines = linesOf(
    legend.map(({ name }) => name),
    width,
  );
  const svg = drawChart(input, { width, height: height - lines * LEGEND_LINE - 4 });
  const items = legend.map(({ name, color }) => `<span><i style="background:${color}"></i>${escaped(name)}</span>`);
  return `${svg}<div class="legend" style="height:${lines * LEGEND_LINE}px">${items.join('')}</div>`;
}

const CHARACTER = 6.4;
const BESIDE_NAME = 30;
const MOST_LINES = 4;

/** The number of lines that a legend with these names needs, at an average width of a character. */
function linesOf(names: readonly string[], width: number): number {
  let lines = 1;
  let used = 0;
  for (const name of names) {
    const needed = name.length * CHARACTER + BESIDE_NAME;
    if (used > 0 && used + needed > width) {
      lines += 1;
      used = 0;
    }
    used += needed;
  }
  return Math.min(lines, MOST_LINES);
}
