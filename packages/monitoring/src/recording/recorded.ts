import { durationText } from '../rules/durations.ts';
import type { IndicatorName } from './indicators.ts';

/** Names of the recorded counts of an indicator in each process. */
export const RECORDED = {
  events: 'job_instance:phaselock_sli_events:sum',
  bad: 'job_instance:phaselock_sli_bad:sum',
} as const;

/**
 * Names of the recorded counts and share of an indicator in all processes together, over a window. The name has the
 * nominal window, even where `RuleOptions.pace` shortens it.
 */
export const recordedWithin = {
  events: (window: number): string => `job:phaselock_sli_events:increase${durationText(window)}`,
  bad: (window: number): string => `job:phaselock_sli_bad:increase${durationText(window)}`,
  share: (window: number): string => `job:phaselock_sli_bad:ratio${durationText(window)}`,
} as const;

export const ofIndicator = (recorded: string, name: IndicatorName): string => `${recorded}{sli="${name}"}`;
