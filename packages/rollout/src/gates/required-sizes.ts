import type { Cohorts, Decision, Gate, Stage } from '../stages/stages.ts';
import { plannedSize, type Size } from './statistics/planned-size.ts';

/** Whether a gate tells the cohorts of this flag apart. Otherwise it counts everybody. */
export const comparesCohorts = (gate: Gate, cohorts: Cohorts): boolean => gate.by === cohorts.label;

/** The share of bad events that has to be proven not to be reached. */
export function limitOf(gate: Gate): number {
  // 1 - 0.95 is 0.050000000000000044 otherwise.
  return gate.kind === 'latency' ? Number((1 - gate.quantile).toFixed(12)) : gate.limit;
}

/**
 * How much each gate of a stage needs. The power is that of the stage: a healthy treatment has to pass every gate, so what may go wrong is
 * divided among them, with what the comparison with the control may wrongly find.
 */
export function requiredSizes(decision: Decision, stage: Stage): ReadonlyMap<string, Size> {
  const statistical = stage.gates.filter(({ kind }) => kind !== 'utilisation').length;
  return new Map(
    stage.gates.map((gate) => {
      if (gate.kind === 'utilisation') return [gate.name, periodsOf(stage, gate.periodMs, gate.quantile)] as const;
      const miss = (1 - decision.power) / statistical;
      const power = 1 - miss + (comparesCohorts(gate, stage.cohorts) ? decision.controlAlpha : 0);
      const { confidence } = decision;
      return [gate.name, plannedSize({ limit: limitOf(gate), assumed: gate.assumed, confidence, power })] as const;
    }),
  );
}

function periodsOf({ bake }: Stage, periodMs: number, quantile: number): Size {
  const n = Math.max(1, Math.floor(bake.leastMs / periodMs));
  return { n, allowed: Math.floor(n * (1 - quantile)) };
}
