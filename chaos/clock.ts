/** Milliseconds since this process began. No wall clock: the campaign moves those. */
export const monotonic = (): number => performance.now();
