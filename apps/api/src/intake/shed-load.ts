type Priority = 'normal' | 'high';
type ShedReason = 'pool' | 'event-loop' | 'caller';
export type LoadShedder = {
  check(priority: Priority): ShedReason | undefined;
  /** For use once the caller and the number of its requests in progress are known. */
  checkCaller(priority: Priority, inFlight: number): ShedReason | undefined;
};

type Load = {
  readonly poolWaiting: () => number;
  readonly maxPoolWaiting: number;
  readonly eventLoopDelayMs: () => number;
  readonly maxEventLoopDelayMs: number;
};

/**
 * The factor on the bounds for each priority. Shedding the heartbeats of a running agent costs its lease and its work,
 * so high priority may wait longer than a new start.
 */
const PATIENCE: Readonly<Record<Priority, number>> = { normal: 1, high: 2 };

/** Refuses requests at once when a queue is longer than can be served in time. */
export const createLoadShedder = (load: Load): LoadShedder => ({
  check(priority) {
    const patience = PATIENCE[priority];
    if (load.poolWaiting() > load.maxPoolWaiting * patience) return 'pool';
    if (load.eventLoopDelayMs() > load.maxEventLoopDelayMs * patience) return 'event-loop';
    return undefined;
  },
  checkCaller(priority, inFlight) {
    // Half of the queue is reserved for other callers.
    const share = Math.ceil(load.maxPoolWaiting / 2) * PATIENCE[priority];
    return load.poolWaiting() > share && inFlight > share ? 'caller' : undefined;
  },
});

export type EventLoopDelay = Disposable & { recentMs(): number };

type Clocks = {
  readonly now: () => number;
  /** CPU time this thread has used, in ms. */
  readonly cpuMs: () => number;
};

const EVERY_MS = 20;
const WINDOW_MS = 500;
/** A window needs this many samples: the start of the process is one long task, not an overload. */
const LEAST_SAMPLES = 5;
const MICROS_PER_MS = 1_000;

/**
 * Measures how late the event loop is because of the work of this process: the lateness of a timer, but at most the CPU
 * time of the thread meanwhile. When other programs take the CPU, an idle server is late as well, and shedding its few
 * requests would not help. The result is the mean of the last half second, so one long task is not an overload, and a
 * past overload is forgotten.
 */
export function watchEventLoopDelay({ now, cpuMs }: Clocks = ownClocks): EventLoopDelay {
  let recent = 0;
  let last = { at: now(), cpu: cpuMs() };
  let window = { since: last.at, delayMs: 0, samples: 0 };
  const timer = setInterval(() => {
    const sample = { at: now(), cpu: cpuMs() };
    const lateMs = Math.max(0, sample.at - last.at - EVERY_MS);
    window.delayMs += Math.min(lateMs, sample.cpu - last.cpu);
    window.samples += 1;
    last = sample;
    if (sample.at - window.since < WINDOW_MS || window.samples < LEAST_SAMPLES) return;
    recent = window.delayMs / window.samples;
    window = { since: sample.at, delayMs: 0, samples: 0 };
  }, EVERY_MS);
  timer.unref();
  return { recentMs: () => recent, [Symbol.dispose]: () => clearInterval(timer) };
}

const ownClocks: Clocks = {
  now: () => performance.now(),
  cpuMs: () => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / MICROS_PER_MS;
  },
};
