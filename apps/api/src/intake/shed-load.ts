type Priority = 'normal' | 'high';
type ShedReason = 'pool' | 'event-loop' | 'caller';
export type LoadShedder = {
  check(priority: Priority): ShedReason | undefined;
  /** Once it is known whose request it is, and how many of its requests are being worked on. */
  checkCaller(priority: Priority, inFlight: number): ShedReason | undefined;
};

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
  checkCaller(priority, inFlight) {
    // Half of the queue is for the others: whoever has more than the other half waiting is refused first.
    const share = Math.ceil(load.maxPoolWaiting / 2) * PATIENCE[priority];
    return load.poolWaiting() > share && inFlight > share ? 'caller' : undefined;
  },
});

export type EventLoopDelay = Disposable & { recentMs(): number };

type Clocks = {
  readonly now: () => number;
  /** Milliseconds of processor time this thread has had. */
  readonly cpuMs: () => number;
};

const EVERY_MS = 20;
const WINDOW_MS = 500;
/** A window of fewer says nothing: the start of the process is one long task, and no overload. */
const LEAST_SAMPLES = 5;
const MICROS_PER_MS = 1_000;

/**
 * How late the event loop is because of what this process does: a timer's lateness, but no more of it than the thread was computing meanwhile.
 * Where other programs take the processor, an idle server is late as well, and refusing its few requests would help nothing. The mean of the last
 * half second, so that one long task is not taken for an overload, and an overload that is over is forgotten.
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
