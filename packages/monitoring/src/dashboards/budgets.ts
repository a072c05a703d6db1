import type { PanelPlan } from './plan.ts';

/** The counts of an indicator, as the recording rules keep them for each process. */
const counted = (what: 'events' | 'bad', indicator: string): string =>
  `job_instance:phaselock_sli_${what}:sum{sli="${indicator}",job=~"$job",instance=~"$instance"}`;

type Budget = Pick<PanelPlan, 'title' | 'runbook'> & {
  readonly indicator: string;
  /** The share of events that may be bad. */
  readonly allowed: number;
  readonly of: string;
};

/** Of the events that may be bad in a window, the share that is left: 1 untouched, 0 used up, below 0 overdrawn. */
export function budgetGauge({ indicator, allowed, of, ...said }: Budget): PanelPlan {
  const over = (what: 'events' | 'bad') => `sum(increase(${counted(what, indicator)}[$budget]))`;
  return {
    ...said,
    kind: 'gauge',
    description: `How much is left of the ${of} that the objective allows within the window "Budget". Below zero it is overdrawn.`,
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
