import type { Stages } from '@phaselock/rollout';
import { durationText } from './durations.ts';

export type RuleOptions = {
  /** The source of the limits: alerts and rollout gates share them. */
  readonly stages: Stages;
  /** Converts every duration, in seconds. Tests with real faults use it to shorten the rules. */
  readonly pace?: (seconds: number) => number;
  /** Converts every minimum number of events. */
  readonly leastEvents?: (events: number) => number;
  /** The address of the folder of the runbooks, with a slash at its end. */
  readonly runbooks?: string;
};

export type RuleContext = {
  readonly stages: Stages;
  /** A duration to compare with, in seconds. */
  seconds(duration: number): number;
  /** A duration as `for` and range selectors write it. */
  range(duration: number): string;
  events(least: number): number;
  runbook(file: string): string;
};

const RUNBOOKS = 'https://github.com/phaselock/phaselock/blob/main/ops/runbooks/';

export function ruleContext({
  stages,
  pace = (seconds) => seconds,
  leastEvents = (events) => events,
  runbooks = RUNBOOKS,
}: RuleOptions): RuleContext {
  return {
    stages,
    seconds: pace,
    range: (duration) => durationText(pace(duration)),
    events: leastEvents,
    runbook: (file) => `${runbooks}${file}`,
  };
}
