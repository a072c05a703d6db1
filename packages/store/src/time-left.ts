/** How long the caller in whose name something is done still waits. */
export type TimeLeft = {
  /** Until it is answered. */
  remainingMs(): number;
  /** Until waiting is in vain: less what writing and answering need. */
  waitMs(): number;
};

/** Whose time it is now; undefined where nobody waits, such as in a sweep. */
export type WhoWaits = () => TimeLeft | undefined;

/** The caller's time was over before anything was sent, or before the server had answered. */
export class OutOfTime extends Error {
  override readonly name = 'OutOfTime';

  constructor(options?: ErrorOptions) {
    super('no time is left for the database', options);
  }
}

/** What comes in time, or nothing. What comes too late is handed to `late`. */
export async function within<Value>(coming: Promise<Value>, ms: number, late: (value: Value) => void): Promise<Value> {
  const { promise: overdue, reject } = Promise.withResolvers<never>();
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    reject(new OutOfTime());
  }, ms);
  const watched = coming.then((value) => {
    if (isLate) late(value);
    return value;
  });
  try {
    return await Promise.race([watched, overdue]);
  } finally {
    clearTimeout(timer);
  }
}
