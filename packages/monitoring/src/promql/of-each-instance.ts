/** One number of each process. Its counters begin together at 0 and end together, so their sum is a counter as well. */
export const ofEachInstance = (...selectors: readonly string[]): string =>
  selectors.map((selector) => `sum by (job, instance) (${selector})`).join(' + ');
