/**
 * How far the clock of the database may have been set back. Where a row does not compensate for that, a time may be
 * this much too late.
 */
export const CLOCK_STEP = `interval '1 day'`;

/** The longest time between two readings of the clock in one function. */
export const ONE_WRITE = `interval '1 minute'`;

/** The service looks for expired leases every few seconds, so many sweeps have failed by then. */
export const FEW_SWEEPS = `interval '10 minutes'`;

export const inTheFuture = (time: string): string => `${time} > now() + ${CLOCK_STEP}`;
