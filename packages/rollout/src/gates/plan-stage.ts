import type { Evidence } from '../evidence/evidence.ts';
import type { Gate, Stage } from '../stages/stages.ts';
import { durationText, numberText } from './in-words.ts';
import type { GatePlan, StagePlan, Traffic } from './plan.ts';
import { comparesCohorts } from './required-sizes.ts';

export type PlanInput = { readonly stage: Stage; readonly traffic: Traffic };

const HOUR_MS = 3_600_000;

/** Estimates how long a stage takes until a healthy treatment passes it with the planned power, at present traffic. */
export function planStage({ stage, traffic }: PlanInput): StagePlan {
  const gates = stage.gates.map((gate): GatePlan => {
    const { n, allowed } = stage.sizes[gate.name] ?? { n: 0, allowed: 0 };
    const perHour = rateOf(gate, stage, traffic);
    const takesMs = perHour > 0 ? (n / perHour) * HOUR_MS : Number.POSITIVE_INFINITY;
    return { gate: gate.name, title: gate.title, events: gate.events, needed: n, allowed, perHour, takesMs };
  });
  const slowest = gates.reduce((longest, gate) => (gate.takesMs > longest.takesMs ? gate : longest));
  const takesMs = Math.max(stage.bake.leastMs, slowest.takesMs);
  const { flag, number, percent, bake } = stage;
  const fits = takesMs <= bake.mostMs;
  return {
    flag,
    stage: number,
    percent,
    gates,
    slowest: slowest.gate,
    takesMs,
    fits,
    sentence: inWords(stage, slowest, takesMs),
  };
}

/** Measures the events per hour of each gate. It adds both cohorts, so that it also works before a rollout. */
export function trafficOf({ from, to, gates }: Evidence): Traffic {
  const hours = (to - from) / HOUR_MS;
  const perHour = gates.flatMap((evidence) => {
    if (evidence.kind !== 'counts') return [];
    const n = evidence.treatment.n + (evidence.control?.n ?? 0);
    return [[evidence.gate, hours > 0 ? n / hours : 0] as const];
  });
  return { measuredOverMs: to - from, perHour: Object.fromEntries(perHour) };
}

function rateOf(gate: Gate, { cohorts, percent }: Stage, { perHour }: Traffic): number {
  if (gate.kind === 'utilisation') return HOUR_MS / gate.periodMs;
  const whole = perHour[gate.name] ?? 0;
  return comparesCohorts(gate, cohorts) ? (whole * percent) / 100 : whole;
}

function inWords({ number, bake }: Stage, { perHour, takesMs: slowestMs, events }: GatePlan, takesMs: number): string {
  if (!Number.isFinite(takesMs)) return `stage ${number}: never at present traffic: there are no ${events}`;
  const why = slowestMs < bake.leastMs ? ', its least time' : ` at ${numberText(perHour)} ${events} an hour`;
  const most = durationText(bake.mostMs);
  const late = takesMs > bake.mostMs ? `; its longest bake is ${most}, so it is likely to end unproven` : '';
  return `stage ${number}: ${durationText(takesMs)}${why}${late}`;
}
