import type { DashboardPlan, PanelPlan } from './plan.ts';

const COLUMNS = 24;

export type Place = { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
type Placed<What> = What & { readonly id: number; readonly place: Place };
export type PlacedRow = Placed<{ readonly title: string }> & { readonly panels: readonly Placed<PanelPlan>[] };

/**
 * Places rows below each other, each with a heading and its panels side by side. Ids count from 1 in reading order,
 * because Grafana does not find a panel with the id 0 and drops a panel without an id.
 */
export function layOut({ uid, rows }: DashboardPlan): PlacedRow[] {
  let y = 0;
  let id = 0;
  return rows.map(({ title, height, panels }) => {
    const heading = { id: ++id, place: { x: 0, y, w: COLUMNS, h: 1 } };
    const fixed = panels.reduce((width, panel) => width + (panel.width ?? 0), 0);
    const free = panels.filter(({ width }) => width === undefined).length;
    const each = free === 0 ? 0 : (COLUMNS - fixed) / free;
    if (fixed + each * free !== COLUMNS || !Number.isInteger(each))
      throw new Error(`${uid}: the panels of "${title}" do not fill its ${COLUMNS} columns`);
    let x = 0;
    const placed = panels.map((panel) => {
      const w = panel.width ?? each;
      x += w;
      return { ...panel, id: ++id, place: { x: x - w, y: y + 1, w, h: height } };
    });
    y += 1 + height;
    return { title, ...heading, panels: placed };
  });
}
