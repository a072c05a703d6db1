import { monitorEventLoopDelay } from 'node:perf_hooks';

type Priority = 'normal' | 'high';
type ShedReason = 'pool' | 'event-loop';
export type LoadShedder = { check(priority: Priority): ShedReason | undefined };

type Load = {
  readonly poolWaiting: () => number;
  readonly maxPoolWaiting: number;
  readonly eventLoopDelayMs: () => number;
  readonly maxEventLoopDelayMs: number;
};

/** An agent at work that is shed loses its lease, and its work with it: it may wait longer than who only wants to begin. */
const PATIENCE: Readonly<Record<Priority, number>> = { normal: 1, high: 2 };

/** Queues that have grown beyond what can be served in time are not made longer: the answer is no, at once, rather than too late. */
export const createLoadShedder = (load: Load): LoadShedder => ({
  check(priority) {
    const patience = PATIENCE[priority];
    if (load.poolWaiting() > load.maxPoolWaiting * patience) return 'pool';
    if (load.eventLoopDelayMs() > load.maxEventLoopDelayMs * patience) return 'event-loop';
    return undefined;
  },
});

export type EventLoopDelay = Disposable & { recentMs(): number };

const RESOLUTION_MS = 20;
const EVERY_MS = 500;
const NS_PER_MS = 1_000_000;

/** The mean of the last half second, so that one long task is not taken for an overload, and an overload that is over is forgotten. */
export function watchEventLoopDelay(): EventLoopDelay {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  let recent = 0;
  const timer = setInterval(() => {
    const mean = histogram.mean / NS_PER_MS;
    recent = Number.isFinite(mean) ? Math.max(0, mean - RESOLUTION_MS) : 0;
    histogram.reset();
  }, EVERY_MS);
  timer.unref();
  return {
    recentMs: () => recent,
    [Symbol.dispose]() {
      clearInterval(timer);
      histogram.disable();
    },
  };
}
