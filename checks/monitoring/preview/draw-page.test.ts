import { describe, expect, test } from 'vitest';
import { panelsOf, readDashboards } from '../dashboards/read-dashboards.ts';
import type { PanelData } from './collect-panel.ts';
import { drawPage } from './draw-page.ts';

const period = { from: 1_700_000_000, to: 1_700_000_900, stepSeconds: 5 };
const times = Array.from({ length: 181 }, (_, index) => period.from + index * period.stepSeconds);
/** Two series, of which one is incomplete and one contains NaN, and a name that contains HTML. */
const data: PanelData = {
  series: [
    {
      name: 'one <b>',
      labels: { job: 'a', alertname: 'PhaselockApiDown' },
      points: times.slice(0, 60).map((at) => [at, 1]),
    },
    { name: 'other', labels: {}, points: times.map((at, index) => [at, index === 3 ? Number.NaN : index / 100]) },
  ],
  exemplars: [{ unixSeconds: period.from + 10, value: 0.4 }],
};
const marks = [{ color: 'orange', unixSeconds: period.from + 300 }];

describe.each(readDashboards().map((dashboard) => [dashboard.file, dashboard] as const))('%s', (_, dashboard) => {
  const draw = (shown: PanelData) =>
    drawPage({ dashboard, dataOf: new Map(panelsOf(dashboard).map(({ id }) => [id, shown])), marks, period });

  test('becomes a page with every panel and without a script', () => {
    const { html, height } = draw(data);
    expect(html.match(/<section /g)).toHaveLength(panelsOf(dashboard).length);
    expect(html).not.toMatch(/<script|NaN|undefined|one <b>/);
    expect(height).toBeGreaterThan(600);
  });

  test('shows a text in every panel without data', () => {
    const { html } = draw({ series: [], exemplars: [] });
    expect(html.match(/class="none"/g)).toHaveLength(panelsOf(dashboard).length);
  });
});
