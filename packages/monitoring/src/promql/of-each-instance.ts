/** One number per process. The counters of a process start at 0 and end together, so their sum is a counter too. */
export const ofEachInstance = (...selectors: readonly string[]): string =>
  selectors.map((selector) => `sum by (job, instance) (${selector})`).join(' + ');
