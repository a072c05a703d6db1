import { type EChartsOption, init, type SeriesOption } from 'echarts';
import { escaped } from '../../checks/monitoring/preview/escape-html.ts';
import { formatUnit } from './format-value.ts';

/** Times are milliseconds since the start of the run; a null value interrupts the line. */
export type Line = { readonly name: string; readonly points: readonly (readonly [number, number | null])[] };
export type Area = { readonly from: number; readonly to: number; readonly kind: 'fault' | 'purge' };

export type Chart = {
  readonly lines: readonly Line[];
  readonly areas?: readonly Area[];
  readonly limit?: number | undefined;
  readonly unit: string;
  readonly scale?: 'log' | 'linear';
  readonly endMs: number;
  /** Accessible name and tooltip of the chart. */
  readonly title: string;
};

export type Size = { readonly width: number; readonly height: number };

/** Colours with enough contrast on white and on black. */
const COLOURS = ['#3b82d6', '#d97b1f', '#c23b7a', '#2f9e6e', '#8a63d2', '#9a8412', '#5f7f99', '#d0504a'];
const LIMIT = '#d03030';
const AREA = { fault: 'rgba(208,48,48,0.22)', purge: 'rgba(59,130,214,0.16)' } as const;
/** The colour comes from the page or the picture, so that it suits light and dark backgrounds. */
const INK = 'currentColor';
const FEWEST_WITH_LINE = 2;

/** Draws a line chart over the time of a run, as an SVG without scripts. */
export function drawLines(chart: Chart, size: Size): string {
  const canvas = init(null, null, { renderer: 'svg', ssr: true, ...size });
  canvas.setOption(optionsOf(chart));
  const svg = canvas.renderToSVGString();
  canvas.dispose();
  return named(svg, chart.title);
}

function optionsOf({ lines, areas = [], limit, unit, scale = 'linear', endMs }: Chart): EChartsOption {
  const values = lines.flatMap(({ points }) => points.flatMap(([, value]) => (value === null ? [] : [value])));
  const positive = values.filter((value) => value > 0);
  // A limit far above the values is left out, because it would flatten the lines.
  const shownLimit = limit !== undefined && limit <= Math.max(0, ...values) * 4 ? limit : undefined;
  const common = {
    axisLabel: { color: INK, fontSize: 11, formatter: (value: number) => formatUnit(value, unit) },
    splitLine: { lineStyle: { color: INK, opacity: 0.15 } },
  };
  const top = Math.max(0, ...values, shownLimit ?? 0);
  return {
    animation: false,
    backgroundColor: 'transparent',
    textStyle: { fontFamily: 'inherit' },
    color: COLOURS,
    grid: { left: 8, right: 14, top: lines.length > 1 ? 26 : 10, bottom: 4, containLabel: true },
    legend: {
      show: lines.length > 1,
      top: 0,
      left: 4,
      icon: 'roundRect',
      itemWidth: 14,
      itemHeight: 4,
      // Without a screen ECharts underestimates text widths, so the gap is larger.
      itemGap: 26,
      textStyle: { color: INK, fontSize: 11 },
      data: lines.map(({ name }) => name),
    },
    xAxis: {
      type: 'value',
      min: 0,
      max: endMs,
      interval: tickOf(endMs),
      axisLine: { lineStyle: { color: INK, opacity: 0.4 } },
      axisTick: { show: false },
      axisLabel: { color: INK, fontSize: 11, formatter: clock, hideOverlap: true, showMaxLabel: false },
      splitLine: { show: false },
    },
    yAxis:
      scale === 'log' && positive.length > 0
        ? {
            type: 'log',
            min: 10 ** Math.floor(Math.log10(Math.min(...positive))),
            max: 10 ** Math.ceil(Math.log10(Math.max(top, Math.min(...positive) * 2))),
            ...common,
          }
        : {
            type: 'value',
            min: 0,
            ...(top > 0 && { max: roundUp(top, unit), interval: roundUp(top, unit) / 4 }),
            ...common,
          },
    series: [
      ...lines.map(
        ({ name, points }, index): SeriesOption => ({
          type: 'line',
          name,
          data: points.map(([at, value]) => [at, value !== null && Number.isFinite(value) ? value : null]),
          showSymbol: points.length < FEWEST_WITH_LINE,
          connectNulls: false,
          lineStyle: { width: 1.6, color: COLOURS[index % COLOURS.length] ?? INK },
        }),
      ),
      {
        type: 'line',
        data: [],
        markLine: {
          silent: true,
          symbol: 'none',
          label: { show: true, position: 'insideEndTop', formatter: 'limit', color: LIMIT, fontSize: 11 },
          lineStyle: { color: LIMIT, type: 'dashed', width: 1.2 },
          data: shownLimit === undefined ? [] : [{ yAxis: shownLimit }],
        },
        markArea: {
          silent: true,
          data: areas.map(({ from, to, kind }) => [
            // Gives very short areas a visible width.
            { xAxis: from, itemStyle: { color: AREA[kind] } },
            { xAxis: Math.max(to, from + endMs / 300) },
          ]),
        },
      },
    ],
  };
}

const MINUTE = 60_000;
const TICKS = [1_000, 2_000, 5_000, 10_000, 15_000, 30_000, MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE];
const tickOf = (endMs: number): number => TICKS.find((tick) => endMs / tick <= 7) ?? 60 * MINUTE;

const clock = (ms: number): string => {
  const seconds = Math.round(ms / 1_000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
};

const STEPS = [1, 1.2, 1.6, 2, 2.4, 3.2, 4, 6, 8, 10];

/** Rounds up to a number whose quarters have few digits. */
function roundUp(value: number, of: string): number {
  const binary = 1_024 ** Math.floor(Math.log(value) / Math.log(1_024));
  const part = of === 'bytes' ? binary : 1;
  const unit = part * 10 ** Math.floor(Math.log10(value / part));
  return (STEPS.find((step) => step * unit >= value * 1.02) ?? 16) * unit;
}

function named(svg: string, title: string): string {
  return svg.replace('<svg ', `<svg role="img" aria-label="${escaped(title)}" `);
}
