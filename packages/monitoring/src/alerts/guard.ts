import { allowedBy, gateNamed, type IndicatorName, slowerThanMs } from '../recording/indicators.ts';
import { MINUTE } from '../rules/durations.ts';
import type { RuleContext } from '../rules/rule-context.ts';
import type { AlertGroup } from './alert.ts';
import { shareAbove } from './share-above.ts';

/**
 * True when the bad share of 30 minutes exceeds the limit of a rollout gate. Such an incident may burn too little of
 * the budget for a burn-rate alert.
 */
const overGate = (context: RuleContext, indicator: IndicatorName, gate: string): string =>
  shareAbove(context, { indicator, window: 30 * MINUTE, limit: allowedBy(gateNamed(context.stages, gate)) });

/** Starts, lookups and replacements of sessions. */
export const GUARD: AlertGroup = {
  name: 'phaselock-guard',
  alerts: [
    {
      name: 'PhaselockErrorRateHigh',
      severity: 'page',
      summary: 'Session starts fail',
      condition: (context) => ({
        expr: shareAbove(context, {
          indicator: 'starts',
          window: 5 * MINUTE,
          limit: allowedBy(gateNamed(context.stages, 'error_rate')),
        }),
        for: 10 * MINUTE,
        description:
          '{{ $value | humanizePercentage }} of the session starts of 5 minutes failed or found the slot busy, for 10 minutes.',
      }),
    },
    {
      name: 'PhaselockReplacementsFailing',
      severity: 'ticket',
      summary: 'Session replacements fail',
      condition: (context) => ({
        expr: overGate(context, 'replacement', 'replacement_success'),
        for: 5 * MINUTE,
        description:
          '{{ $value | humanizePercentage }} of the attempts to replace a session over 30 minutes failed or found it busy.',
      }),
    },
    {
      name: 'PhaselockLookupSlow',
      severity: 'ticket',
      summary: 'Session lookups in the database are slow',
      condition: (context) => ({
        expr: overGate(context, 'lookup', 'lookup_time'),
        for: 5 * MINUTE,
        description: `{{ $value | humanizePercentage }} of the session lookups in the database over 30 minutes took longer than ${slowerThanMs(context.stages, 'lookup_time')} ms.`,
      }),
    },
    {
      name: 'PhaselockReplacementSlow',
      severity: 'ticket',
      summary: 'Session replacements are slow',
      condition: (context) => ({
        expr: overGate(context, 'replacement_time', 'replacement_time'),
        for: 5 * MINUTE,
        description: `{{ $value | humanizePercentage }} of the session replacements over 30 minutes took longer than ${slowerThanMs(context.stages, 'replacement_time')} ms.`,
      }),
    },
  ],
};
