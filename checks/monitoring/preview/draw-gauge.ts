import { init } from 'echarts';
import type { Panel } from '../dashboards/read-dashboards.ts';
import type { Size } from './draw-chart.ts';
import { shown } from './judge-value.ts';
import { colorNamed, THEME } from './palette.ts';

/** Draws an arc from the minimum to the maximum, with the thresholds at its outer edge. */
export function drawGauge(panel: Panel, value: number, size: Size): string {
  const { min = 0, max = 1, thresholds } = panel.fieldConfig.defaults;
  const { text, color } = shown(panel, value);
  const share = (at: number): number => (at - min) / (max - min);
  const ends = [...thresholds.steps.slice(1).map((step) => share(step.value ?? min)), 1];
  const edge = thresholds.steps.map((step, index): [number, string] => [ends[index] ?? 1, colorNamed(step.color)]);
  const within = Math.min(Math.max(value, min), max);
  const arc = {
    type: 'gauge',
    startAngle: 210,
    endAngle: -30,
    min,
    max,
    splitLine: { show: false },
    axisTick: { show: false },
    axisLabel: { show: false },
    pointer: { show: false },
  } as const;
  const chart = init(null, null, { renderer: 'svg', ssr: true, ...size });
  chart.setOption({
    animation: false,
    textStyle: { fontFamily: 'sans-serif' },
    series: [
      {
        ...arc,
        center: ['50%', '60%'],
        radius: '98%',
        axisLine: { lineStyle: { width: 4, color: edge } },
        detail: { show: false },
        data: [{ value: within }],
      },
      {
        ...arc,
        center: ['50%', '60%'],
        radius: '90%',
        axisLine: { lineStyle: { width: 16, color: [[1, THEME.grid]] } },
        progress: { show: true, width: 16, itemStyle: { color } },
        detail: { formatter: () => text, color, fontSize: 22, fontWeight: 'bold', offsetCenter: [0, 0] },
        data: [{ value: within }],
      },
    ],
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}
