import { allowedBy, gateNamed, type IndicatorName } from '../recording/indicators.ts';
import { MINUTE } from '../rules/durations.ts';
import type { RuleContext } from '../rules/rule-context.ts';
import type { AlertGroup } from './alert.ts';
import { shareAbove } from './share-above.ts';

/** The share a gate allows, exceeded for half an hour: too short for a budget to tell, and worth a look. */
const overGate = (context: RuleContext, indicator: IndicatorName, gate: string): string =>
  shareAbove(context, { indicator, window: 30 * MINUTE, limit: allowedBy(gateNamed(context.stages, gate)) });

/** What the product is for: starts, lookups and replacements of sessions. */
export const GUARD: AlertGroup = {
  name: 'phaselock-guard',
  alerts: [
    {
      name: 'PhaselockErrorRateHigh',
      severity: 'page',
      summary: 'Sessions cannot be started',
      condition: (context) => ({
        expr: shareAbove(context, {
          indicator: 'starts',
          window: 5 * MINUTE,
          limit: allowedBy(gateNamed(context.stages, 'error_rate')),
        }),
        for: 10 * MINUTE,
        description:
          '{{ $value | humanizePercentage }} of the starts of sessions of 5 minutes failed or found the slot busy, and have done so for 10 minutes.',
      }),
    },
    {
      name: 'PhaselockReplacementsFailing',
      severity: 'ticket',
      summary: 'Replacements of sessions fail',
      condition: (context) => ({
        expr: overGate(context, 'replacement', 'replacement_success'),
        for: 5 * MINUTE,
        description:
          '{{ $value | humanizePercentage }} of the attempts to replace a session of the last 30 minutes failed or found it busy.',
      }),
    },
    {
      name: 'PhaselockLookupSlow',
      severity: 'ticket',
      summary: 'Lookups in the database are slow',
      condition: (context) => ({
        expr: overGate(context, 'lookup', 'lookup_time'),
        for: 5 * MINUTE,
        description:
          '{{ $value | humanizePercentage }} of the lookups in the database of the last 30 minutes took longer than they may.',
      }),
    },
    {
      name: 'PhaselockReplacementSlow',
      severity: 'ticket',
      summary: 'Replacements of sessions are slow',
      condition: (context) => ({
        expr: overGate(context, 'replacement_time', 'replacement_time'),
        for: 5 * MINUTE,
        description:
          '{{ $value | humanizePercentage }} of the replacements of the last 30 minutes took longer than they may.',
      }),
    },
  ],
};
