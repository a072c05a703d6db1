import { type EChartsOption, init, type SeriesOption } from 'echarts';
import type { Panel } from '../dashboards/read-dashboards.ts';
import type { Period } from './ask-prometheus.ts';
import type { Mark, PanelData } from './collect-panel.ts';
import { formatValue } from './format-value.ts';
import { colorNamed, colorOfSeries, THEME } from './palette.ts';

export type Size = { readonly width: number; readonly height: number };
export type ChartInput = {
  readonly panel: Panel;
  readonly data: PanelData;
  readonly marks: readonly Mark[];
  readonly period: Period;
};

const MS = 1_000;

/** Draws lines over time as an SVG, so that the page needs no script. */
export function drawChart(input: ChartInput, size: Size): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, ...size });
  chart.setOption(optionsOf(input));
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}

export function colorOfNamed({ fieldConfig }: Panel, name: string, index: number): string {
  const fixed = fieldConfig.overrides.find(({ matcher }) =>
    new RegExp(matcher.options.replaceAll(/^\/|\/$/g, '')).test(name),
  );
  return fixed === undefined ? colorOfSeries(index) : colorNamed('red');
}

function optionsOf({ panel, data, marks, period }: ChartInput): EChartsOption {
  const { unit, min, max, thresholds } = panel.fieldConfig.defaults;
  const stacked = isStacked(panel);
  const limits = thresholds.steps.flatMap(({ value }) => (value === null ? [] : [value]));
  const axis = axisFor(unit, highestOf(data, stacked), limits);
  return {
    animation: false,
    backgroundColor: 'transparent',
    textStyle: { fontFamily: 'sans-serif' },
    grid: { left: 12, right: 10, top: 8, bottom: 2, containLabel: true },
    xAxis: {
      type: 'time',
      min: period.from * MS,
      max: period.to * MS,
      axisLine: { lineStyle: { color: THEME.grid } },
      axisLabel: {
        color: THEME.faint,
        fontSize: 11,
        hideOverlap: true,
        formatter: period.to - period.from < 600 ? '{HH}:{mm}:{ss}' : '{HH}:{mm}',
      },
      splitLine: { show: true, lineStyle: { color: THEME.grid } },
      splitNumber: 3,
    },
    yAxis: {
      type: 'value',
      min: min ?? (lowestOf(data) >= 0 ? 0 : 'dataMin'),
      max: max ?? axis.max,
      interval: max === undefined ? axis.interval : max / INTERVALS,
      axisLabel: {
        color: THEME.faint,
        fontSize: 11,
        formatter: (value: number) => formatValue(value, unit),
        hideOverlap: true,
      },
      splitLine: { lineStyle: { color: THEME.grid } },
      splitNumber: 4,
    },
    series: [
      ...data.series.map(({ name, points }, index): SeriesOption => {
        const color = colorOfNamed(panel, name, index);
        return {
          type: 'line',
          name,
          data: withGaps(points, period.stepSeconds),
          showSymbol: points.length < 2,
          symbolSize: 4,
          connectNulls: false,
          lineStyle: { width: 1.5, color },
          itemStyle: { color },
          ...(stacked && { stack: 'all' }),
          areaStyle: { color, opacity: stacked ? 0.4 : 0.08 },
        };
      }),
      lines(limits, marks),
      {
        type: 'scatter',
        data: data.exemplars.map(({ unixSeconds, value }) => [unixSeconds * MS, value]),
        symbol: 'diamond',
        symbolSize: 5,
        itemStyle: { color: colorNamed('blue'), opacity: 0.8 },
        clip: true,
      },
    ],
  };
}

/** Limits are horizontal lines, annotations are vertical lines. */
const lines = (limits: readonly number[], marks: readonly Mark[]): SeriesOption => ({
  type: 'line',
  data: [],
  markLine: {
    silent: true,
    symbol: 'none',
    label: { show: false },
    data: [
      ...limits.map((yAxis) => ({ yAxis, lineStyle: { color: colorNamed('red'), type: 'dashed' as const, width: 1 } })),
      ...marks.map(({ color, unixSeconds }) => ({
        xAxis: unixSeconds * MS,
        lineStyle: { color: colorNamed(color), type: 'dashed' as const, width: 1 },
      })),
    ],
  },
});

const isStacked = ({ fieldConfig }: Panel): boolean => fieldConfig.defaults.custom?.stacking?.mode === 'normal';

/** Adds an empty point in each gap, so that no line is drawn across missing values. */
function withGaps(points: PanelData['series'][number]['points'], step: number): [number, number | null][] {
  return points.flatMap(([at, value], index) => {
    const before = points[index - 1]?.[0];
    const gap: [number, null][] = before !== undefined && at - before > step * 1.5 ? [[(at - step) * MS, null]] : [];
    return [...gap, [at * MS, Number.isFinite(value) ? value : null]];
  });
}

const finite = ({ series }: PanelData): number[] =>
  series.flatMap(({ points }) => points.map(([, value]) => value)).filter(Number.isFinite);
const lowestOf = (data: PanelData): number => finite(data).reduce((lowest, value) => Math.min(lowest, value), 0);

function highestOf(data: PanelData, stacked: boolean): number {
  if (!stacked) return finite(data).reduce((highest, value) => Math.max(highest, value), 0);
  const sums = new Map<number, number>();
  for (const { points } of data.series)
    for (const [at, value] of points) if (Number.isFinite(value)) sums.set(at, (sums.get(at) ?? 0) + value);
  return Math.max(0, ...sums.values());
}

const NEAR = 4;
const INTERVALS = 4;

type Axis = { readonly max: number; readonly interval: number };

/** The axis covers the highest value, and a limit unless it is so far above that the values would look flat. */
function axisFor(unit: string, highest: number, limits: readonly number[]): Axis {
  const near = limits.filter((limit) => limit <= highest * NEAR || highest === 0);
  const top = Math.max(highest, ...near) * 1.02 || 1;
  const interval = roundUp(top / INTERVALS, unit === 'bytes' ? 1_024 : 10);
  const max = Math.ceil(top / interval) * interval;
  return { max: unit === 'percentunit' && highest <= 1 ? Math.min(max, 1) : max, interval };
}

/** Rounds an axis interval up to a number with few digits. */
function roundUp(value: number, base: number): number {
  const unit = base ** Math.floor(Math.log(value) / Math.log(base));
  const short =
    base === 10 ? [1, 2, 2.5, 5, 10] : [1, 2, 4, 5, 8, 10, 16, 20, 32, 50, 64, 100, 128, 200, 256, 512, 1_024];
  return (short.find((step) => step * unit >= value * 0.999) ?? base) * unit;
}
