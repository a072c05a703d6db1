import type { Sample } from '../prometheus/prometheus.ts';
import type { Distrust } from './evidence.ts';
import { lastSeen, type ProcessLife, processAt } from './process-life.ts';

/** The running count of one series of a counter. */
export type CounterFold = {
  readonly labels: Readonly<Record<string, string>>;
  firstAt: number | null;
  last: Sample | null;
  lastStartedAt: number | null;
  increase: number;
  readonly untrusted: Distrust[];
};

export const newCounter = (labels: CounterFold['labels']): CounterFold => ({
  labels,
  firstAt: null,
  last: null,
  lastStartedAt: null,
  increase: 0,
  untrusted: [],
});

/**
 * Adds the increase of a counter after `from`, in whole events: `increase()` of Prometheus extrapolates to the edges of
 * its range and returns 385.01 where 381 events happened.
 *
 * - The newest sample up to `from` is the base and adds nothing.
 * - Between two samples of one process, the difference is added. A counter of one process never decreases.
 * - The first sample of another process adds its whole value, because a process starts at 0. The start time tells
 *   processes apart, because a new process may have counted more than the old one.
 * - A sample that is newer than the known samples of its process was scraped between two queries. It is left for the
 *   next collection.
 * - Without a base, the first sample adds its whole value if the process started after `from`, or was scraped before
 *   without this series. Otherwise the count before `from` is unknown, and the series is not trusted.
 */
export function foldCounter(counter: CounterFold, samples: readonly Sample[], life: ProcessLife, from: number): void {
  const known = lastSeen(life) ?? Number.POSITIVE_INFINITY;
  for (const sample of samples) {
    const { at, value } = sample;
    const { last } = counter;
    if (at > known) continue;
    if (last !== null && at === last.at && value === last.value) continue;
    const mistake = mistakeIn(sample, last);
    if (mistake !== null) {
      distrust(counter, mistake);
      continue;
    }
    const process = processAt(life, at);
    if (process === undefined)
      distrust(counter, {
        why: 'beginning_unknown',
        detail: `${nameOf(counter)} has samples of an unknown process`,
      });
    if (at > from) counter.increase += addedBy(counter, sample, process, from);
    counter.firstAt ??= at;
    counter.last = sample;
    counter.lastStartedAt = process?.startedAt ?? counter.lastStartedAt;
  }
}

function mistakeIn({ at, value }: Sample, last: Sample | null): Distrust | null {
  if (!Number.isFinite(value)) return { why: 'not_a_number', detail: `a sample is ${value}` };
  if (value < 0) return { why: 'not_a_counter', detail: `a sample is ${value}` };
  if (last !== null && at <= last.at) return { why: 'not_a_counter', detail: 'samples are not in order of time' };
  return null;
}

type Scraped = ReturnType<typeof processAt>;

function addedBy(counter: CounterFold, { at, value }: Sample, process: Scraped, from: number): number {
  const { last, lastStartedAt } = counter;
  if (last === null) {
    const isNew = process !== undefined && (process.startedAt > from || process.firstAt < at);
    if (isNew) return value;
    distrust(counter, {
      why: 'beginning_unknown',
      detail: `${nameOf(counter)} was first seen within the bake, but its process is older`,
    });
    return 0;
  }
  if (process !== undefined && process.startedAt !== lastStartedAt) return value;
  if (value >= last.value) return value - last.value;
  distrust(counter, { why: 'not_a_counter', detail: `${nameOf(counter)} decreased within one process` });
  return 0;
}

const nameOf = ({ labels }: CounterFold): string =>
  `${labels.__name__ ?? 'a series'} of ${labels.instance ?? 'no instance'}`;

/** Adds each reason once, because a wrong series is wrong at every scrape. */
export function distrust({ untrusted }: { readonly untrusted: Distrust[] }, found: Distrust): void {
  if (!untrusted.some(({ why, detail }) => why === found.why && detail === found.detail)) untrusted.push(found);
}

/** Distrusts a series that ended before its process, because its later counts are unknown. */
export function checkEnd(counter: CounterFold, life: ProcessLife, longestGapMs: number): void {
  const { last, lastStartedAt } = counter;
  const process = life.processes.find(({ startedAt }) => startedAt === lastStartedAt);
  if (last !== null && process !== undefined && process.lastAt - last.at > longestGapMs)
    distrust(counter, { why: 'ended_early', detail: `${nameOf(counter)} ended before its process` });
}
