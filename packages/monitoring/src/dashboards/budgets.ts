import type { IndicatorName } from '../recording/indicators.ts';
import { RECORDED } from '../recording/recorded.ts';
import { CHOSEN } from './expressions.ts';
import type { PanelPlan } from './plan.ts';

/** The counts of an indicator, as the recording rules record them for each process. */
const counted = (what: keyof typeof RECORDED, indicator: IndicatorName): string =>
  `${RECORDED[what]}{${[`sli="${indicator}"`, ...CHOSEN].join(',')}}`;

type Budget = Pick<PanelPlan, 'title' | 'runbook'> & {
  readonly indicator: IndicatorName;
  /** The share of events that may be bad. */
  readonly allowed: number;
  readonly of: string;
};

/** A gauge of the error budget that is left in a window: 1 untouched, 0 used up, below 0 overdrawn. */
export function budgetGauge({ indicator, allowed, of, ...said }: Budget): PanelPlan {
  const over = (what: keyof typeof RECORDED) => `sum(increase(${counted(what, indicator)}[$budget]))`;
  return {
    ...said,
    kind: 'gauge',
    description: `Share of the budget for ${of} that is left in the window "Budget". Below zero it is overdrawn.`,
    unit: 'percentunit',
    queries: [{ expr: `1 - ${over('bad')} / (${over('events')} > 0) / ${allowed}`, legend: 'left' }],
    limit: { at: 0.1, bad: 'below' },
    min: 0,
    max: 1,
    decimals: 1,
    none: 'quiet',
    width: 4,
  };
}
