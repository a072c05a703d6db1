import type { Dashboard } from './read-dashboards.ts';

export type Steps = {
  readonly stepSeconds: number;
  readonly scrapeSeconds: number;
  /** The length of the displayed time range. */
  readonly rangeSeconds: number;
};

/** Fills in the variables of an expression as Grafana does when a dashboard is opened with its default selection. */
export function fillVariables(expression: string, { templating }: Dashboard, steps: Steps): string {
  const { stepSeconds, scrapeSeconds, rangeSeconds } = steps;
  // The formula of Grafana: the range is long enough for the two samples that a rate needs.
  const rateInterval = Math.max(stepSeconds + scrapeSeconds, 4 * scrapeSeconds);
  const built = expression
    .replaceAll('$__rate_interval', `${rateInterval}s`)
    .replaceAll('$__range', `${rangeSeconds}s`)
    .replaceAll('$__interval', `${stepSeconds}s`);
  return templating.list.reduce((text, { name, current, allValue = '' }) => {
    const value = current?.value;
    if (value === undefined) return text;
    const values = Array.isArray(value) ? value : [value];
    const filled = values.includes('$__all')
      ? allValue
      : values.length === 1
        ? values.join('')
        : `(${values.join('|')})`;
    return text.replaceAll(`$${name}`, filled);
  }, built);
}
