import type { ResultWindow } from './result.ts';

/** A period with or without the purge worker, on the run clock. */
export type Period = { readonly at: number; readonly until: number; readonly purge: boolean };

const WINDOWS = 60;
const SECOND = 1_000;

const NEITHER = { purge: null, period: null };

/**
 * Divides a run into about sixty windows of whole seconds. With purge periods, each window lies within one period, so
 * that periods can be compared, or between two periods: time in which a worker stops or has no work left belongs to no
 * period.
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
    // The remainder at the end is too short for its own window.
    to: at === count - 1 ? to : from + (at + 1) * width,
    ...of,
  }));
}
