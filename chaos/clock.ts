/** Milliseconds since this process started. Monotonic, because the campaign shifts wall clocks. */
export const monotonic = (): number => performance.now();
