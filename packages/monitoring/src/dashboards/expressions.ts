import { type Selector, selectorText } from '@phaselock/rollout';
import type { Matchers, SeriesName } from '../promql/metrics.ts';
import { series } from '../promql/series.ts';

/** What the person who looks has chosen, of the jobs and instances there are. */
export const CHOSEN = ['job=~"$job"', 'instance=~"$instance"'];

export const chosen = <Name extends SeriesName>(
  name: Name,
  matching: Matchers<Name> = {},
  not: Matchers<Name> = {},
): string => series(name, matching, { not, raw: CHOSEN });

/** Of a selector of stages.yml. */
export function chosenOf(selector: Selector, suffix = ''): string {
  const metric = `${selector.metric}${suffix}`;
  const text = selectorText({ ...selector, metric });
  const inner = text.slice(metric.length + 1, -1);
  return `${metric}{${[...(inner === '' ? [] : [inner]), ...CHOSEN].join(',')}}`;
}

/** Of each second, over as many scrapes as Grafana finds to be needed for the width of the panel. */
export const rate = (selector: string): string => `rate(${selector}[$__rate_interval])`;

export const sum = (expression: string, ...by: readonly string[]): string => aggregated('sum', expression, by);
export const most = (expression: string, ...by: readonly string[]): string => aggregated('max', expression, by);

function aggregated(how: 'sum' | 'max', expression: string, by: readonly string[]): string {
  return by.length === 0 ? `${how}(${expression})` : `${how} by (${by.join(', ')}) (${expression})`;
}

/** Nothing where nothing happened: 0/0 would be NaN. */
export const ratio = (part: string, whole: string): string => `${part} / (${whole} > 0)`;

export const shareOf = (part: readonly string[], whole: readonly string[], ...by: readonly string[]): string => {
  const rates = (selectors: readonly string[]) => selectors.map((one) => sum(rate(one), ...by)).join(' + ');
  return ratio(`(${rates(part)})`, `(${rates(whole)})`);
};

/** `buckets` is the selector of a histogram's buckets. */
export const quantile = (q: number, buckets: string, ...by: readonly string[]): string =>
  `histogram_quantile(${q}, ${sum(rate(buckets), 'le', ...by)})`;

/**
 * The rates of a counter by one of its labels, without the values of which there was none in the time that is shown: they would fill the legend. Those
 * that are shown are shown while they are 0 as well, as a line with gaps reads like one that is not known.
 */
export function ratesOf(selector: string, label: string): string {
  const there = sum(`increase(${selector}[$__range] @ end())`, label);
  return `${sum(rate(selector), label)} and on (${label}) ${there} > 0`;
}
