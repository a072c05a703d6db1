import type { Sample } from '../prometheus/prometheus.ts';
import { distrust } from './counter-fold.ts';
import type { Distrust, InstanceUse } from './evidence.ts';
import { type ProcessLife, processAt } from './process-life.ts';

/**
 * Sums for the utilisation of one instance, over the bake and in each period: the use, and the available amount
 * (`had`), which is capacity times time. The first period starts with the bake.
 */
export type UseFold = {
  last: Sample | null;
  lastStartedAt: number | null;
  capacity: number | null;
  usedSeconds: number;
  hadSeconds: number;
  readonly periods: { used: number; had: number; seconds: number }[];
  readonly untrusted: Distrust[];
};

export const newUse = (): UseFold => ({
  last: null,
  lastStartedAt: null,
  capacity: null,
  usedSeconds: 0,
  hadSeconds: 0,
  periods: [],
  untrusted: [],
});

/** The samples of one instance from one query, in order of time. `from` is the start of the bake. */
export type UseChunk = {
  readonly used: readonly Sample[];
  readonly capacity: readonly Sample[];
  readonly life: ProcessLife;
  readonly from: number;
  readonly periodMs: number;
};

/** Adds samples of the usage counter of one instance, and of its capacity. */
export function foldUse(use: UseFold, { used, capacity, life, from, periodMs }: UseChunk): void {
  const capacities = capacity.values();
  let next = capacities.next();
  for (const sample of used) {
    while (!next.done && next.value.at <= sample.at) {
      use.capacity = next.value.value;
      next = capacities.next();
    }
    if (!Number.isFinite(sample.value)) {
      distrust(use, { why: 'not_a_number', detail: `a sample of the use is ${sample.value}` });
      continue;
    }
    const { last, lastStartedAt } = use;
    const startedAt = processAt(life, sample.at)?.startedAt ?? null;
    use.last = sample;
    use.lastStartedAt = startedAt;
    // The use between the last sample of one process and the first of the next is unknown, so that time is left out.
    // Within one process, the counter includes all use.
    if (last === null || sample.at <= from || startedAt === null || startedAt !== lastStartedAt) continue;
    if (sample.at <= last.at) continue;
    add(use, sample, last, from, periodMs);
  }
  while (!next.done) {
    use.capacity = next.value.value;
    next = capacities.next();
  }
}

function add(use: UseFold, sample: Sample, last: Sample, from: number, periodMs: number): void {
  const { capacity } = use;
  const rose = sample.value - last.value;
  if (capacity === null || !(capacity > 0) || !Number.isFinite(capacity)) {
    distrust(use, { why: 'no_data', detail: 'the capacity is not known' });
    return;
  }
  if (rose < 0) {
    distrust(use, { why: 'not_a_counter', detail: 'the use decreased within one process' });
    return;
  }
  const seconds = (sample.at - last.at) / 1_000;
  use.usedSeconds += rose;
  use.hadSeconds += seconds * capacity;
  const index = Math.max(0, Math.ceil((sample.at - from) / periodMs) - 1);
  while (use.periods.length <= index) use.periods.push({ used: 0, had: 0, seconds: 0 });
  const period = use.periods[index];
  if (period === undefined) return;
  period.used += rose;
  period.had += seconds * capacity;
  period.seconds += seconds;
}

/** A period counts if at least this share of it was observed; the time around a restart, for example, is not. */
const SEEN = 0.5;

/** Calculates the utilisation from the sums. `whole` is the number of complete periods. */
export function useOf(instance: string, use: UseFold, limit: number, whole: number, periodMs: number): InstanceUse {
  const shares = use.periods
    .slice(0, whole)
    .filter(({ seconds }) => seconds * 1_000 >= periodMs * SEEN)
    .map(({ used, had }) => used / had);
  let run = 0;
  let longestRunOver = 0;
  for (const share of shares) {
    run = share >= limit ? run + 1 : 0;
    longestRunOver = Math.max(longestRunOver, run);
  }
  return {
    instance,
    mean: use.hadSeconds > 0 ? use.usedSeconds / use.hadSeconds : 0,
    periods: shares.length,
    over: shares.filter((share) => share >= limit).length,
    longestRunOver,
    highest: Math.max(0, ...shares),
  };
}
