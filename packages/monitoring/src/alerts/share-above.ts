import type { IndicatorName } from '../recording/indicators.ts';
import { ofIndicator, recordedWithin } from '../recording/recorded.ts';
import type { RuleContext } from '../rules/rule-context.ts';

/** With fewer events, or fewer bad events, a share is not significant and fires no alert. */
export const LEAST_EVENTS = 20;
export const LEAST_BAD = 5;

type ShareAbove = {
  readonly indicator: IndicatorName;
  /** In seconds. */
  readonly window: number;
  readonly limit: number;
  readonly leastEvents?: number;
  readonly leastBad?: number;
  /** Also requires a bad event within this shorter window, because the share stays high until `window` has passed. */
  readonly lately?: number;
};

/**
 * Returns a PromQL expression for an alert. Its value is the share of bad events; it has no value while the share is
 * within the limit or the events are too few. Without events the share is 0/0, which exceeds no limit.
 */
export function shareAbove(
  context: RuleContext,
  { indicator, window, limit, leastEvents = LEAST_EVENTS, leastBad = LEAST_BAD, lately }: ShareAbove,
): string {
  return [
    shareOver(indicator, window, limit),
    enough(context, { indicator, window, leastEvents, leastBad }),
    ...(lately === undefined ? [] : [`${ofIndicator(recordedWithin.bad(lately), indicator)} > 0`]),
  ].join(' and ');
}

/** The share, if it exceeds the limit, from any number of events. */
export const shareOver = (indicator: IndicatorName, window: number, limit: number): string =>
  `${ofIndicator(recordedWithin.share(window), indicator)} > ${Number(limit.toFixed(6))}`;

type Enough = Pick<ShareAbove, 'indicator' | 'window'> & { readonly leastEvents: number; readonly leastBad: number };

/** The condition that there were enough events, and enough bad ones, for a share to be significant. */
export const enough = ({ events }: RuleContext, { indicator, window, leastEvents, leastBad }: Enough): string =>
  [
    `${ofIndicator(recordedWithin.events(window), indicator)} >= ${events(leastEvents)}`,
    `${ofIndicator(recordedWithin.bad(window), indicator)} >= ${events(leastBad)}`,
  ].join(' and ');
