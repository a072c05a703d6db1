import { allowedBy, gateNamed, slowerThanMs } from '../recording/indicators.ts';
import type { Slo } from '../recording/recording-rules.ts';
import { DAY, durationText, HOUR, MINUTE } from '../rules/durations.ts';
import type { RuleContext } from '../rules/rule-context.ts';
import type { AlertDefinition, AlertGroup, BurnWindows } from './alert.ts';
import { enough, LEAST_BAD, LEAST_EVENTS, shareOver } from './share-above.ts';

/** A burn rate of 1 spends the budget in exactly 30 days. */
const BURNS: readonly (BurnWindows & { readonly rate: number; readonly severity: 'page' | 'ticket' })[] = [
  { long: HOUR, short: 5 * MINUTE, rate: 14.4, severity: 'page' },
  { long: 6 * HOUR, short: 30 * MINUTE, rate: 6, severity: 'page' },
  { long: DAY, short: 2 * HOUR, rate: 3, severity: 'ticket' },
  { long: 3 * DAY, short: 6 * HOUR, rate: 1, severity: 'ticket' },
];

/** The share of requests that may be answered with a 5xx. The other budgets are the limits of rollout gates. */
export const UNAVAILABLE = 0.001;

type Objective = {
  readonly slo: Slo;
  readonly name: AlertDefinition['name'];
  readonly summary: string;
  readonly budget: (context: RuleContext) => number;
  /** The part of the description that follows the share: which events count as bad. */
  readonly bad: (context: RuleContext) => string;
};

const ofGate =
  (gate: string) =>
  ({ stages }: RuleContext): number =>
    allowedBy(gateNamed(stages, gate));

const OBJECTIVES: readonly Objective[] = [
  {
    slo: 'availability',
    name: 'PhaselockAvailabilityBudgetBurn',
    summary: 'Requests answered with 5xx',
    budget: () => UNAVAILABLE,
    bad: () => 'of the requests were answered with 5xx',
  },
  {
    slo: 'replacement',
    name: 'PhaselockReplacementBudgetBurn',
    summary: 'Failed session replacements',
    budget: ofGate('replacement_success'),
    bad: () => 'of the attempts to replace a session failed or found it busy',
  },
  {
    slo: 'lookup',
    name: 'PhaselockLookupBudgetBurn',
    summary: 'Slow session lookups in the database',
    budget: ofGate('lookup_time'),
    bad: (context) =>
      `of the session lookups in the database took longer than ${slowerThanMs(context.stages, 'lookup_time')} ms`,
  },
  {
    slo: 'replacement_time',
    name: 'PhaselockReplacementTimeBudgetBurn',
    summary: 'Slow session replacements',
    budget: ofGate('replacement_time'),
    bad: (context) =>
      `of the session replacements took longer than ${slowerThanMs(context.stages, 'replacement_time')} ms`,
  },
];

const burnsOf = ({ slo, name, summary, budget, bad }: Objective): AlertDefinition[] =>
  BURNS.map(({ long, short, rate, severity }) => ({
    name,
    severity,
    slo,
    windows: { long, short },
    summary: `${summary}: error budget burn rate above ${rate}`,
    condition: (context) => {
      const limit = budget(context) * rate;
      const leasts = { leastEvents: LEAST_EVENTS, leastBad: LEAST_BAD };
      return {
        expr: [
          shareOver(slo, long, limit),
          shareOver(slo, short, limit),
          enough(context, { indicator: slo, window: long, ...leasts }),
        ].join(' and '),
        description: `{{ $value | humanizePercentage }} ${bad(context)} within ${durationText(long)}. Over ${durationText(long)} and over ${durationText(short)} the share is above ${percent(limit)} (burn rate ${rate}, budget ${percent(budget(context))}).`,
      };
    },
  }));

const percent = (share: number): string => `${Number((share * 100).toFixed(4))}%`;

export const BUDGET_BURN: AlertGroup = { name: 'phaselock-budget-burn', alerts: OBJECTIVES.flatMap(burnsOf) };
