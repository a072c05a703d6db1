import type { Cohorts, Decision, Gate, Size, Stage } from '../stages/stages.ts';
import { plannedSize } from './statistics/planned-size.ts';

/** Whether a gate tells the cohorts of this flag apart. Otherwise it counts everybody. */
export const comparesCohorts = (gate: Gate, cohorts: Cohorts): boolean => gate.by === cohorts.label;

/** The share of bad events that has to be proven not to be reached. */
export function limitOf(gate: Gate): number {
  // 1 - 0.95 is 0.050000000000000044 otherwise.
  return gate.kind === 'latency' ? Number((1 - gate.quantile).toFixed(12)) : gate.limit;
}

export type Asked = Pick<Stage, 'gates' | 'cohorts' | 'bake'>;

/**
 * How much each gate of a stage needs. The power is that of the stage: a healthy treatment has to pass every gate, so what may go wrong is
 * divided among them, with what the comparison with the control may wrongly find.
 */
export function requiredSizes(decision: Decision, stage: Asked): Readonly<Record<string, Size>> {
  const statistical = stage.gates.filter(({ kind }) => kind !== 'utilisation').length;
  const sizeOf = (gate: Gate): Size => {
    if (gate.kind === 'utilisation') return periodsOf(stage, gate.periodMs, gate.quantile);
    const miss = (1 - decision.power) / statistical;
    const power = 1 - miss + (comparesCohorts(gate, stage.cohorts) ? decision.controlAlpha : 0);
    const { confidence } = decision;
    return plannedSize({ limit: limitOf(gate), assumed: gate.assumed, confidence, power });
  };
  return Object.fromEntries(stage.gates.map((gate) => [gate.name, sizeOf(gate)]));
}

function periodsOf({ bake }: Asked, periodMs: number, quantile: number): Size {
  const n = Math.max(1, Math.floor(bake.leastMs / periodMs));
  return { n, allowed: Math.floor(n * (1 - quantile)) };
}
