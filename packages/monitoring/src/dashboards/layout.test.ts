import { describe, expect, test } from 'vitest';
import { layOut } from './layout.ts';
import type { DashboardPlan, PanelPlan } from './plan.ts';

const panel = (title: string, width?: number): PanelPlan => ({
  kind: 'stat',
  title,
  description: title,
  unit: 'none',
  queries: [],
  runbook: 'PhaselockWatchdog',
  ...(width === undefined ? {} : { width }),
});
const plan = (...rows: PanelPlan[][]): DashboardPlan => ({
  uid: 'phaselock-x',
  title: 'x',
  description: 'x',
  jobsOf: 'up',
  jobs: ['any'],
  rows: rows.map((panels, index) => ({ title: `row ${index}`, height: 4, panels })),
});

describe('layOut', () => {
  test('places panels in reading order with ids from 1, and rows below each other', () => {
    const [first, second] = layOut(plan([panel('a'), panel('b')], [panel('c')]));
    expect(first).toMatchObject({ id: 1, place: { x: 0, y: 0, w: 24, h: 1 } });
    expect(first?.panels.map(({ id, place }) => [id, place])).toEqual([
      [2, { x: 0, y: 1, w: 12, h: 4 }],
      [3, { x: 12, y: 1, w: 12, h: 4 }],
    ]);
    expect(second).toMatchObject({ id: 4, place: { y: 5 } });
    expect(second?.panels).toMatchObject([{ id: 5, place: { x: 0, y: 6, w: 24 } }]);
  });

  test('divides the remaining columns evenly among panels without a width', () => {
    const [row] = layOut(plan([panel('a', 4), panel('b'), panel('c')]));
    expect(row?.panels.map(({ place: { x, w } }) => [x, w])).toEqual([
      [0, 4],
      [4, 10],
      [14, 10],
    ]);
  });

  test('refuses a row whose panels do not fill its columns', () => {
    expect(() => layOut(plan([panel('a', 5), panel('b', 5)]))).toThrow('phaselock-x: the panels of "row 0"');
  });
});
