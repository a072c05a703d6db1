import { collectEvidence } from '../evidence/collect-evidence.ts';
import type { GateEvidence, Refusal } from '../evidence/evidence.ts';
import type { Traffic } from '../gates/plan.ts';
import type { Prometheus } from '../prometheus/prometheus.ts';
import type { Ladder, Stage, Stages } from '../stages/stages.ts';

const HOUR_MS = 3_600_000;

export type MeasuredTraffic = { readonly traffic: Traffic; readonly refusals: readonly Refusal[] };

/** Events an hour of each gate of a flag, of everybody, as they were counted over the last time. */
export async function measureTraffic(
  prometheus: Prometheus,
  { stages, ladder, from, to }: { stages: Stages; ladder: Ladder; from: number; to: number },
): Promise<MeasuredTraffic> {
  // Gates stay in force, so the last stage has all of them.
  const stage = ladder.stages.at(-1);
  const measuredOverMs = to - from;
  if (stage === undefined) return { traffic: { measuredOverMs, perHour: {} }, refusals: [] };
  const { gates, refusals } = await collectEvidence(prometheus, { stages, stage, from, to });
  const perHour = Object.fromEntries(gates.map((gate) => [gate.gate, hourly(gate, stage, measuredOverMs / HOUR_MS)]));
  return { traffic: { measuredOverMs, perHour }, refusals };
}

function hourly(evidence: GateEvidence, { gates }: Stage, hours: number): number {
  if (evidence.kind === 'counts') return (evidence.treatment.n + (evidence.control?.n ?? 0)) / hours;
  const gate = gates.find(({ name }) => name === evidence.gate);
  return gate?.kind === 'utilisation' ? HOUR_MS / gate.periodMs : 0;
}
