import { createWindowFinder } from './count-calls.ts';
import type { Result, ResultWindow } from './result.ts';

/** One sample of one process, or of the processes of PostgreSQL together, on the clock of the run. */
export type Sample = {
  readonly at: number;
  readonly of: string;
  readonly cpuSeconds: number;
  readonly memoryBytes: number;
};

export type Measured = Pick<Result, 'resources' | 'server'>;

const SECOND = 1_000;
/** The spec names no time over which CPU is taken: a second is noise, a run hides its worst part. */
const MEAN_SECONDS = 10;

const isServer = (of: string): boolean => of.startsWith('api') || of === 'postgresql';

/** CPU and memory of each process by window, and of API and PostgreSQL together at their highest. */
export function measureResources(samples: readonly Sample[], windows: readonly ResultWindow[]): Measured {
  const windowOf = createWindowFinder(windows);
  const first = windows[0]?.from ?? 0;
  const last = windows.at(-1)?.to ?? 0;
  const within = samples.filter(({ at }) => at >= first && at <= last);
  const perSecond = new Map<number, { cores: number; memoryBytes: number }>();
  const resources = [...Map.groupBy(within, ({ of }) => of)].map(([of, ofOne]) => {
    const inWindows = windows.map(() => ({ cpu: 0, ms: 0, memoryBytes: 0, samples: 0 }));
    let before: Sample | undefined;
    let cpuSeconds = 0;
    for (const sample of ofOne.toSorted((one, other) => one.at - other.at)) {
      const window = inWindows[windowOf(sample.at)];
      if (window === undefined) continue;
      window.memoryBytes = Math.max(window.memoryBytes, sample.memoryBytes);
      window.samples += 1;
      const second = Math.floor(sample.at / SECOND);
      const sum = perSecond.get(second) ?? { cores: 0, memoryBytes: 0 };
      if (before !== undefined && sample.at > before.at) {
        // A process that was started again counts from nothing.
        const used = sample.cpuSeconds >= before.cpuSeconds ? sample.cpuSeconds - before.cpuSeconds : sample.cpuSeconds;
        window.cpu += used;
        window.ms += sample.at - before.at;
        cpuSeconds += used;
        if (isServer(of)) sum.cores += (used * SECOND) / (sample.at - before.at);
      }
      if (isServer(of)) perSecond.set(second, { cores: sum.cores, memoryBytes: sum.memoryBytes + sample.memoryBytes });
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
  return { resources, server: serverOf(resources, perSecond) };
}

function serverOf(
  resources: Measured['resources'],
  perSecond: ReadonlyMap<number, { readonly cores: number; readonly memoryBytes: number }>,
): Measured['server'] {
  const seconds = [...perSecond].toSorted(([one], [other]) => one - other).map(([, sum]) => sum);
  if (seconds.length === 0) return null;
  const length = Math.min(MEAN_SECONDS, seconds.length);
  let highestCores = 0;
  for (let at = 0; at + length <= seconds.length; at += 1) {
    const mean = seconds.slice(at, at + length).reduce((sum, { cores }) => sum + cores, 0) / length;
    highestCores = Math.max(highestCores, mean);
  }
  return {
    highestCores,
    highestMemoryBytes: Math.round(Math.max(...seconds.map(({ memoryBytes }) => memoryBytes))),
    cpuSeconds: resources.filter(({ of }) => isServer(of)).reduce((sum, one) => sum + one.cpuSeconds, 0),
    sampledSeconds: seconds.length,
  };
}
