/** How long the caller of an operation still waits for its answer. */
export type TimeLeft = {
  /** The time until the caller stops waiting. */
  remainingMs(): number;
  /**
   * The time that may be spent waiting: less than `remainingMs`, because the write and the answer need time as well.
   */
  waitMs(): number;
};

/** Returns the time of the current caller; undefined when none waits, such as in a background sweep. */
export type WhoWaits = () => TimeLeft | undefined;

/** The caller’s time ended before the statement was sent, or before the server answered. */
export class OutOfTime extends Error {
  override readonly name = 'OutOfTime';

  constructor(options?: ErrorOptions) {
    super('no time is left for the database', options);
  }
}

/** Waits at most `ms` for the value, then rejects with OutOfTime. A value that comes later is passed to `late`. */
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
