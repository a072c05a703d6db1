import { allowedBy, gateNamed } from '../recording/indicators.ts';
import type { Slo } from '../recording/recording-rules.ts';
import { DAY, durationText, HOUR, MINUTE } from '../rules/durations.ts';
import type { RuleContext } from '../rules/rule-context.ts';
import type { AlertDefinition, AlertGroup, BurnWindows } from './alert.ts';
import { enough, LEAST_BAD, LEAST_EVENTS, shareOver } from './share-above.ts';

/** How many times faster than over 30 days the budget is spent. */
const BURNS: readonly (BurnWindows & { readonly times: number; readonly severity: 'page' | 'ticket' })[] = [
  { long: HOUR, short: 5 * MINUTE, times: 14.4, severity: 'page' },
  { long: 6 * HOUR, short: 30 * MINUTE, times: 6, severity: 'page' },
  { long: DAY, short: 2 * HOUR, times: 3, severity: 'ticket' },
  { long: 3 * DAY, short: 6 * HOUR, times: 1, severity: 'ticket' },
];

/** Requests that may be answered with a 5xx: 99.9 % are not. The other budgets are the limits of gates. */
const UNAVAILABLE = 0.001;

type Objective = {
  readonly slo: Slo;
  readonly name: AlertDefinition['name'];
  readonly summary: string;
  readonly budget: (context: RuleContext) => number;
  /** What the share is of. */
  readonly bad: string;
};

const ofGate =
  (gate: string) =>
  ({ stages }: RuleContext): number =>
    allowedBy(gateNamed(stages, gate));

const OBJECTIVES: readonly Objective[] = [
  {
    slo: 'availability',
    name: 'PhaselockAvailabilityBudgetBurn',
    summary: 'Requests are answered with 5xx',
    budget: () => UNAVAILABLE,
    bad: 'of the requests were answered with 5xx',
  },
  {
    slo: 'replacement',
    name: 'PhaselockReplacementBudgetBurn',
    summary: 'Replacements of sessions fail',
    budget: ofGate('replacement_success'),
    bad: 'of the attempts to replace a session failed or found it busy',
  },
  {
    slo: 'lookup',
    name: 'PhaselockLookupBudgetBurn',
    summary: 'Lookups in the database are slow',
    budget: ofGate('lookup_time'),
    bad: 'of the lookups in the database took longer than they may',
  },
  {
    slo: 'replacement_time',
    name: 'PhaselockReplacementTimeBudgetBurn',
    summary: 'Replacements of sessions are slow',
    budget: ofGate('replacement_time'),
    bad: 'of the replacements took longer than they may',
  },
];

const burnsOf = ({ slo, name, summary, budget, bad }: Objective): AlertDefinition[] =>
  BURNS.map(({ long, short, times, severity }) => ({
    name,
    severity,
    slo,
    windows: { long, short },
    summary: `${summary}: the error budget is spent ${times} times too fast`,
    condition: (context) => {
      const limit = budget(context) * times;
      const leasts = { leastEvents: LEAST_EVENTS, leastBad: LEAST_BAD };
      return {
        expr: [
          shareOver(slo, long, limit),
          shareOver(slo, short, limit),
          enough(context, { indicator: slo, window: long, ...leasts }),
        ].join(' and '),
        description: `Within ${durationText(long)} {{ $value | humanizePercentage }} ${bad}, and it goes on (${durationText(short)}). The budget allows ${percent(budget(context))}.`,
      };
    },
  }));

const percent = (share: number): string => `${Number((share * 100).toFixed(4))}%`;

export const BUDGET_BURN: AlertGroup = { name: 'phaselock-budget-burn', alerts: OBJECTIVES.flatMap(burnsOf) };
