import type { Evidence, GateEvidence } from '../evidence/evidence.ts';
import type { Gate, Size, Stage, Stages } from '../stages/stages.ts';
import { checkPreconditions } from './check-preconditions.ts';
import { durationText } from './in-words.ts';
import { judgeCounts } from './judge-counts.ts';
import { judgeUse } from './judge-use.ts';
import { comparesCohorts } from './required-sizes.ts';
import type { FlagTruth, GateVerdict, Hold, StageVerdict } from './verdict.ts';

export type JudgeInput = {
  readonly stages: Stages;
  readonly stage: Stage;
  readonly evidence: Evidence;
  readonly expected: FlagTruth;
};

/** Judges a stage. It is pure: the same evidence always gives the same verdict. */
export function judgeStage({ stages, stage, evidence, expected }: JudgeInput): StageVerdict {
  const holds = [...notAtStage(stage, expected), ...checkPreconditions({ stages, evidence, expected })];
  const over = isOver(stage, evidence);
  const gates = stage.gates.map((gate) =>
    judgeGate(stages, stage, gate, evidence, stage.sizes[gate.name], over && holds.length === 0),
  );
  return {
    flag: stage.flag,
    stage: stage.number,
    percent: stage.percent,
    from: evidence.from,
    to: evidence.to,
    ...decide(gates, holds, over, evidence),
    holds,
    gates,
    shown: evidence.shown,
  };
}

type Decided = Pick<StageVerdict, 'outcome' | 'why' | 'final' | 'reason'>;

function decide(gates: readonly GateVerdict[], holds: readonly Hold[], over: boolean, { from, to }: Evidence): Decided {
  const told = (found: readonly GateVerdict[]): string =>
    found.map(({ title, reason }) => `${title}: ${reason}`).join('; ');
  const early = gates.filter(({ outcome, decided }) => outcome === 'fail' && decided === 'early');
  // A hold prevents a promotion, but not an abort.
  if (early.length > 0) return { outcome: 'fail', why: 'failed_early', final: true, reason: told(early) };
  if (holds.length > 0) {
    const reason = holds.map(({ detail }) => detail).join('; ');
    return { outcome: 'inconclusive', why: 'held', final: false, reason };
  }
  if (!over) {
    const reason = `baking for ${durationText(to - from)}; ${told(gates)}`;
    return { outcome: 'inconclusive', why: 'baking', final: false, reason };
  }
  const failed = gates.filter(({ outcome }) => outcome === 'fail');
  if (failed.length > 0) return { outcome: 'fail', why: 'failed', final: true, reason: told(failed) };
  const unproven = gates.filter(({ outcome }) => outcome === 'inconclusive');
  if (unproven.length > 0) return { outcome: 'inconclusive', why: 'not_proven', final: true, reason: told(unproven) };
  return { outcome: 'pass', why: 'proven', final: true, reason: `every gate is proven: ${told(gates)}` };
}

/**
 * Whether the bake is over, by its time and its number of events. The results must not matter here: repeated looks at
 * them (peeking) would make the confidence invalid.
 */
function isOver({ bake, gates, sizes }: Stage, { from, to, gates: found }: Evidence): boolean {
  const elapsed = to - from;
  if (elapsed < bake.leastMs) return false;
  if (elapsed >= bake.mostMs) return true;
  return gates.every(({ name }) => {
    const evidence = found.find(({ gate }) => gate === name);
    return evidence !== undefined && countedIn(evidence) >= (sizes[name]?.n ?? Number.POSITIVE_INFINITY);
  });
}

function countedIn(evidence: GateEvidence): number {
  if (evidence.kind === 'counts') return evidence.treatment.n;
  // Its size is the shortest bake, which is over; incomplete periods do not matter.
  return Number.POSITIVE_INFINITY;
}

function judgeGate(
  { decision }: Stages,
  { cohorts }: Stage,
  gate: Gate,
  { gates, from, to }: Evidence,
  size: Size = { n: 0, allowed: 0 },
  atEnd: boolean,
): GateVerdict {
  const evidence = gates.find((found) => found.gate === gate.name);
  const judged = { decision, size, atEnd, from, to };
  if (gate.kind === 'utilisation') {
    const none = { gate: gate.name, kind: 'use', queries: [], instances: [], doubtful: [], untrusted: [] } as const;
    return judgeUse({ ...judged, gate, evidence: evidence?.kind === 'use' ? evidence : none });
  }
  const nothing = { n: 0, failures: 0, instances: [], trusted: { n: 0, failures: 0 }, untrusted: [] } as const;
  const control = comparesCohorts(gate, cohorts) ? nothing : null;
  const none = { gate: gate.name, kind: 'counts', queries: [], treatment: nothing, control } as const;
  return judgeCounts({ ...judged, gate, evidence: evidence?.kind === 'counts' ? evidence : none });
}

function notAtStage({ flag, number, percent }: Stage, expected: FlagTruth): Hold[] {
  if (expected.enabled && expected.percent === percent) return [];
  const is = expected.enabled ? `at ${expected.percent} %` : 'off';
  const detail = `${flag} is ${is} in the database, stage ${number} is ${percent} %`;
  return [{ reason: 'not_at_stage', about: flag, detail, bakeFrom: null }];
}
