import { type Selector, selectorText } from '@phaselock/rollout';
import type { Matchers, SeriesName } from '../promql/metrics.ts';
import { series } from '../promql/series.ts';

/** Matchers for the jobs and instances that the viewer has selected. */
export const CHOSEN = ['job=~"$job"', 'instance=~"$instance"'];

/** A selector of a series, limited to the selected jobs and instances. */
export const chosen = <Name extends SeriesName>(
  name: Name,
  matching: Matchers<Name> = {},
  not: Matchers<Name> = {},
): string => series(name, matching, { not, raw: CHOSEN });

/** The same for a selector of stages.yml. */
export function chosenOf(selector: Selector, suffix = ''): string {
  const metric = `${selector.metric}${suffix}`;
  const text = selectorText({ ...selector, metric });
  const inner = text.slice(metric.length + 1, -1);
  return `${metric}{${[...(inner === '' ? [] : [inner]), ...CHOSEN].join(',')}}`;
}

/** The rate per second, over the range that Grafana computes from the panel width and the scrape interval. */
export const rate = (selector: string): string => `rate(${selector}[$__rate_interval])`;

export const sum = (expression: string, ...by: readonly string[]): string => aggregated('sum', expression, by);
export const most = (expression: string, ...by: readonly string[]): string => aggregated('max', expression, by);

function aggregated(how: 'sum' | 'max', expression: string, by: readonly string[]): string {
  return by.length === 0 ? `${how}(${expression})` : `${how} by (${by.join(', ')}) (${expression})`;
}

/** Returns no value where `whole` is 0, because 0/0 would be NaN. */
export const ratio = (part: string, whole: string): string => `${part} / (${whole} > 0)`;

export const shareOf = (part: readonly string[], whole: readonly string[], ...by: readonly string[]): string => {
  const rates = (selectors: readonly string[]) => selectors.map((one) => sum(rate(one), ...by)).join(' + ');
  return ratio(`(${rates(part)})`, `(${rates(whole)})`);
};

/** `buckets` is the selector of a histogram's buckets. */
export const quantile = (q: number, buckets: string, ...by: readonly string[]): string =>
  `histogram_quantile(${q}, ${sum(rate(buckets), 'le', ...by)})`;

/**
 * The rates of a counter by one of its labels. Values without an event in the displayed time range are left out,
 * because they would fill the legend. The other values are also shown while they are 0, because a gap would look like
 * missing data.
 */
export function ratesOf(selector: string, label: string): string {
  const there = sum(`increase(${selector}[$__range] @ end())`, label);
  return `${sum(rate(selector), label)} and on (${label}) ${there} > 0`;
}
