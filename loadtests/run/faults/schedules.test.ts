import { expect, test } from 'vitest';
import { dueInAll, dueInPeriod, schedulePeriods } from './purge-periods.ts';
import { scheduleFaults } from './schedule.ts';

const NAMES = ['one', 'two', 'three', 'four', 'five', 'six', 'seven'];

test.each([60, 300, 600, 3_600])(
  'a run of %i s has every fault, with healthy time before, between and after',
  (seconds) => {
    const slots = scheduleFaults(NAMES, seconds);
    expect(slots.map(({ name }) => name)).toEqual(NAMES);
    const ends = slots.map(({ atMs, holdMs }) => atMs + holdMs);
    expect(slots[0]?.atMs).toBeGreaterThanOrEqual(seconds * 100);
    const starts = [...slots.slice(1).map(({ atMs }) => atMs), seconds * 1_000];
    for (const [at, { holdMs }] of slots.entries()) {
      expect(holdMs).toBeGreaterThan(0);
      expect((starts[at] ?? 0) - (ends[at] ?? 0)).toBeGreaterThanOrEqual(holdMs * 2);
    }
  },
);

test.each([60, 720, 1_000])(
  'in a run of %i s the worker runs for half the time, first or second in a pair',
  (seconds) => {
    const periods = schedulePeriods(seconds);
    const lasting = (purge: boolean) =>
      periods.filter((period) => period.purge === purge).reduce((sum, { ms }) => sum + ms, 0);
    expect(lasting(true)).toBe(lasting(false));
    expect(lasting(true) * 2).toBeLessThanOrEqual(seconds * 1_000);
    const firsts = periods.filter((_, at) => at % 2 === 0).map(({ purge }) => purge);
    expect(new Set(firsts)).toEqual(new Set([true, false]));
    const withWorker = periods.filter(({ purge }) => purge).length;
    expect(dueInAll(seconds)).toBe(withWorker * dueInPeriod(periods[0]?.ms ?? 0));
  },
);
