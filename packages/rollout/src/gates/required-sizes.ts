import type { Cohorts, Decision, Gate, Size, Stage } from '../stages/stages.ts';
import { plannedSize } from './statistics/planned-size.ts';

/** Whether a gate compares the cohorts of this flag. Otherwise it counts all events. */
export const comparesCohorts = (gate: Gate, cohorts: Cohorts): boolean => gate.by === cohorts.label;

/** The limit of a gate for the share of bad events. */
export function limitOf(gate: Gate): number {
  // Rounded, because 1 - 0.95 is 0.050000000000000044.
  return gate.kind === 'latency' ? Number((1 - gate.quantile).toFixed(12)) : gate.limit;
}

/** The parts of a stage on which its sizes depend. */
export type Asked = Pick<Stage, 'gates' | 'cohorts' | 'bake'>;

/**
 * The number of events that each gate of a stage needs. The power is that of the whole stage: a healthy treatment has
 * to pass every gate, so the probability of a wrong failure is divided among them, including that of the comparison
 * with the control.
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
