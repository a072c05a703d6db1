import type { Gate, Stages } from '@phaselock/rollout';
import { chosenOf, quantile, rate, ratio, sum } from './expressions.ts';
import type { PanelPlan, Query } from './plan.ts';

/** `apart`: one line for each cohort, if the metric of the gate has a label for the cohort. */
type GatePanel = Pick<PanelPlan, 'title' | 'description' | 'runbook' | 'none'> & {
  readonly apart?: boolean;
  readonly exemplars?: boolean;
};

/** A chart of what a rollout gate measures, with the limit of the gate. */
export function gateChart(stages: Stages, name: string, panel: GatePanel): PanelPlan {
  const { apart = false, exemplars = false, ...said } = panel;
  const gate = stages.gates.find((one) => one.name === name);
  if (gate === undefined) throw new Error(`stages.yml has no gate ${name}`);
  const { expr, legend } = gateQuery(gate, apart && gate.by !== null ? [gate.by] : []);
  return {
    ...said,
    kind: 'timeseries',
    unit: gate.kind === 'latency' ? 's' : 'percentunit',
    limit: { at: limitOf(gate), bad: 'above' },
    min: 0,
    queries: [{ expr, legend, exemplars }],
  };
}

/** The same measurement as a single number. */
export const gateStat = (stages: Stages, name: string, panel: GatePanel): PanelPlan => ({
  ...gateChart(stages, name, panel),
  kind: 'stat',
  decimals: 2,
  none: 'quiet',
});

const limitOf = (gate: Gate): number => (gate.kind === 'latency' ? gate.limitSeconds : gate.limit);

function gateQuery(gate: Gate, by: readonly string[]): Query {
  const named = by.map((label) => `{{${label}}}`).join(' ');
  switch (gate.kind) {
    case 'failures': {
      const rates = (selectors: typeof gate.bad) => selectors.map((one) => sum(rate(chosenOf(one)), ...by));
      const twice = rates(gate.twice).map((one) => ` - ${one}`);
      const expr = ratio(`(${rates(gate.bad).join(' + ')})`, `(${rates(gate.total).join(' + ')}${twice.join('')})`);
      return { expr, legend: named || 'share' };
    }
    case 'latency': {
      const percentile = `p${Number((gate.quantile * 100).toFixed(6))}`;
      const expr = quantile(gate.quantile, chosenOf(gate.histogram, '_bucket'), ...by);
      return { expr, legend: named || percentile };
    }
    case 'utilisation':
      return {
        expr: `${sum(rate(chosenOf(gate.used)), 'instance')} / ${sum(chosenOf(gate.capacity), 'instance')}`,
        legend: '{{instance}}',
      };
  }
}
