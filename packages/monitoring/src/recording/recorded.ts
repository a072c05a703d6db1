import { durationText } from '../rules/durations.ts';
import type { IndicatorName } from './indicators.ts';

/** What is recorded of an indicator: counts of each process, and over a window the counts and the share of all processes together. */
export const RECORDED = {
  events: 'job_instance:phaselock_sli_events:sum',
  bad: 'job_instance:phaselock_sli_bad:sum',
} as const;

/** Named for the window as it is meant, whatever pace it is rendered at. */
export const recordedWithin = {
  events: (window: number): string => `job:phaselock_sli_events:increase${durationText(window)}`,
  bad: (window: number): string => `job:phaselock_sli_bad:increase${durationText(window)}`,
  share: (window: number): string => `job:phaselock_sli_bad:ratio${durationText(window)}`,
} as const;

export const ofIndicator = (recorded: string, name: IndicatorName): string => `${recorded}{sli="${name}"}`;
