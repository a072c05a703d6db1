import type { Stages } from '@phaselock/rollout';
import { durationText } from './durations.ts';

export type RuleOptions = {
  /** The limits a rollout is judged by are those an alert tells of. */
  readonly stages: Stages;
  /** What becomes of every duration, in seconds. Tests with real faults have shorter ones, and nothing else of their own. */
  readonly pace?: (seconds: number) => number;
  /** What becomes of every least number of events. */
  readonly leastEvents?: (events: number) => number;
  /** Where the runbooks are read, with the slash at its end. */
  readonly runbooks?: string;
};

export type RuleContext = {
  readonly stages: Stages;
  /** A duration to compare with, in seconds. */
  seconds(duration: number): number;
  /** A duration as `for` and ranges have it. */
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
