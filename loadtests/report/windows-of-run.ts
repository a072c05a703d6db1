import type { ResultWindow } from './result.ts';

/** While the purge worker ran, or did not, on the clock of the run. */
export type Period = { readonly at: number; readonly until: number; readonly purge: boolean };

const WINDOWS = 60;
const SECOND = 1_000;

/** About sixty windows of whole seconds. Where there are periods each window lies in one of them, so that they can be held against each other. */
export function windowsOfRun(from: number, to: number, periods: readonly Period[]): ResultWindow[] {
  if (periods.length === 0) return cut(from, Math.max(to, from + SECOND), WINDOWS, { purge: null, period: null });
  const each = Math.max(1, Math.floor(WINDOWS / periods.length));
  return periods
    .toSorted((one, other) => one.at - other.at)
    .flatMap(({ at, until, purge }, period) => cut(at, until, each, { purge, period }));
}

function cut(from: number, to: number, most: number, of: Pick<ResultWindow, 'purge' | 'period'>): ResultWindow[] {
  const width = Math.max(1, Math.ceil((to - from) / SECOND / most)) * SECOND;
  const count = Math.max(1, Math.floor((to - from) / width));
  return Array.from({ length: count }, (_, at) => ({
    from: from + at * width,
    // What is left at the end is too short to stand alone.
    to: at === count - 1 ? to : from + (at + 1) * width,
    ...of,
  }));
}
