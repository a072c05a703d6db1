import type { ResultWindow } from './result.ts';

/** While the purge worker ran, or did not, on the clock of the run. */
export type Period = { readonly at: number; readonly until: number; readonly purge: boolean };

const WINDOWS = 60;
const SECOND = 1_000;

const NEITHER = { purge: null, period: null };

/**
 * About sixty windows of whole seconds. Where there are periods each window lies in one of them, so that they can be held against each other, or
 * between two: a worker that stops, or one that had nothing left to do, belongs to none.
 */
export function windowsOfRun(from: number, to: number, periods: readonly Period[]): ResultWindow[] {
  const end = Math.max(to, from + SECOND);
  const each = Math.max(1, Math.floor(WINDOWS / Math.max(1, periods.length)));
  const windows: ResultWindow[] = [];
  let reached = from;
  const between = (until: number): void => {
    if (until > reached) windows.push(...cut(reached, until, each, NEITHER));
  };
  for (const [period, { at, until, purge }] of periods.toSorted((one, other) => one.at - other.at).entries()) {
    between(at);
    windows.push(...cut(at, until, each, { purge, period }));
    reached = until;
  }
  between(end);
  return windows;
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
