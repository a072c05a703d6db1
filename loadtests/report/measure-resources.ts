import { createWindowFinder } from './count-calls.ts';
import type { Result, ResultWindow } from './result.ts';

/** One sample of a process, or of all PostgreSQL processes together, on the run clock. */
export type Sample = {
  readonly at: number;
  readonly of: string;
  readonly cpuSeconds: number;
  readonly memoryBytes: number;
};

export type Measured = Pick<Result, 'resources' | 'server'>;

const SECOND = 1_000;
/**
 * Averaging interval of CPU, which the spec does not define: one second is too noisy, and a whole run hides its worst
 * part.
 */
const MEAN_MS = 10_000;

/**
 * CPU time used by API and PostgreSQL since the previous sample, and their memory. All processes of one sample have the
 * same time.
 */
type Moment = { cpuSeconds: number; memoryBytes: number };

const isServer = (of: string): boolean => of.startsWith('api') || of === 'postgresql';

/** CPU and memory of each process by window, and the highest values of API and PostgreSQL together. */
export function measureResources(samples: readonly Sample[], windows: readonly ResultWindow[]): Measured {
  const windowOf = createWindowFinder(windows);
  const first = windows[0]?.from ?? 0;
  const last = windows.at(-1)?.to ?? 0;
  const within = samples.filter(({ at }) => at >= first && at <= last);
  const moments = new Map<number, Moment>();
  const resources = [...Map.groupBy(within, ({ of }) => of)].map(([of, ofOne]) => {
    const inWindows = windows.map(() => ({ cpu: 0, ms: 0, memoryBytes: 0, samples: 0 }));
    let before: Sample | undefined;
    let cpuSeconds = 0;
    for (const sample of ofOne.toSorted((one, other) => one.at - other.at)) {
      const window = inWindows[windowOf(sample.at)];
      if (window === undefined) continue;
      window.memoryBytes = Math.max(window.memoryBytes, sample.memoryBytes);
      window.samples += 1;
      const sum = moments.get(sample.at) ?? { cpuSeconds: 0, memoryBytes: 0 };
      if (isServer(of)) moments.set(sample.at, sum);
      if (isServer(of)) sum.memoryBytes += sample.memoryBytes;
      if (before !== undefined && sample.at > before.at) {
        // The CPU counter of a restarted process starts at 0.
        const used = sample.cpuSeconds >= before.cpuSeconds ? sample.cpuSeconds - before.cpuSeconds : sample.cpuSeconds;
        window.cpu += used;
        window.ms += sample.at - before.at;
        cpuSeconds += used;
        sum.cpuSeconds += used;
      }
      before = sample;
    }
    return {
      of,
      cpuSeconds,
      windows: inWindows.map(({ cpu, ms, memoryBytes, samples: count }) =>
        count === 0 ? null : { cores: ms === 0 ? 0 : (cpu * SECOND) / ms, memoryBytes: Math.round(memoryBytes) },
      ),
    };
  });
  return { resources, server: serverOf(resources, moments) };
}

function serverOf(resources: Measured['resources'], moments: ReadonlyMap<number, Moment>): Measured['server'] {
  const sorted = [...moments].toSorted(([one], [other]) => one - other);
  if (sorted.length === 0) return null;
  return {
    highestCores: highestMean(sorted),
    highestMemoryBytes: Math.round(Math.max(...sorted.map(([, { memoryBytes }]) => memoryBytes))),
    cpuSeconds: resources.filter(({ of }) => isServer(of)).reduce((sum, one) => sum + one.cpuSeconds, 0),
    sampledSeconds: sorted.length,
  };
}

/** Averages over time rather than over samples, because a late sample is followed by an early one. */
function highestMean(sorted: readonly (readonly [at: number, Moment])[]): number {
  const began = sorted[0]?.[0] ?? 0;
  const lengthMs = Math.min(MEAN_MS, (sorted.at(-1)?.[0] ?? 0) - began);
  let [highest, used, first] = [0, 0, 0];
  for (const [at, { cpuSeconds }] of sorted) {
    used += at === began ? 0 : cpuSeconds;
    while (at - (sorted[first + 1]?.[0] ?? Infinity) >= lengthMs) {
      first += 1;
      used -= sorted[first]?.[1].cpuSeconds ?? 0;
    }
    const ms = at - (sorted[first]?.[0] ?? 0);
    if (ms > 0 && ms >= lengthMs) highest = Math.max(highest, (used * SECOND) / ms);
  }
  return highest;
}
