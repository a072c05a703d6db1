import type { CampaignRecord } from '@phaselock/store';
import { type BakeMemory, collectEvidence } from '../evidence/collect-evidence.ts';
import { judgeStage } from '../gates/judge-stage.ts';
import type { Hold, StageVerdict } from '../gates/verdict.ts';
import type { Prometheus } from '../prometheus/prometheus.ts';
import { ladderFor } from '../stages/read-stages.ts';
import type { Stage, Stages } from '../stages/stages.ts';
import { offText, stageText } from './announcement-texts.ts';
import type { CampaignPlan } from './campaign.ts';
import type { PresentVerdict } from './conduct.ts';

export type JudgeBake = {
  readonly prometheus: Prometheus;
  readonly stages: Stages;
  /** Kept between judgements of one bake, so that only new samples are read. */
  readonly memory?: BakeMemory;
};

/** Judges the present bake by its gates. The times are those of the database. */
export async function judgeBake(
  { prometheus, stages, memory }: JudgeBake,
  record: CampaignRecord,
): Promise<PresentVerdict<StageVerdict>> {
  const here = withInstances(stages, record.expectedInstances);
  const stage = stageIn(here, record);
  const { enabled, version } = record.present;
  const to = record.now.getTime();
  const window = { stages: here, stage, from: record.bakingSince?.getTime() ?? to, to };
  const evidence = await collectEvidence(prometheus, window, memory);
  const expected = { enabled, version, percent: record.present.percent };
  return verdictOf(judgeStage({ stages: here, stage, evidence, expected }));
}

/** Requires the number of instances that the start of the campaign named, or else that of the file. */
const withInstances = (stages: Stages, expected: number | null): Stages =>
  expected === null ? stages : { ...stages, preconditions: { ...stages.preconditions, leastInstances: expected } };

function stageIn(stages: Stages, { flag, stage }: CampaignRecord): Stage {
  const found = ladderFor(stages, flag)?.stages.find(({ number }) => number === stage);
  if (found === undefined) throw new Error(`the stages file has no stage ${stage} of ${flag}`);
  return found;
}

/** Converts a verdict to the forms for the decision, for storage and for display. */
export const verdictOf = (verdict: StageVerdict): PresentVerdict<StageVerdict> => ({
  judged: { outcome: verdict.outcome, why: verdict.why, reason: verdict.reason, bakeFrom: laterBake(verdict.holds) },
  stored: {
    kind: verdict.final ? 'final' : 'tick',
    outcome: verdict.outcome,
    decision: verdict.why,
    reason: verdict.reason,
    from: new Date(verdict.from).toISOString(),
    to: new Date(verdict.to).toISOString(),
    preconditions: verdict.holds,
    gates: verdict.gates,
  },
  shown: verdict,
});

/** When all holds are over; null if one of them has no known end. */
function laterBake(holds: readonly Hold[]): number | null {
  const times = holds.map(({ bakeFrom }) => bakeFrom).filter((time) => time !== null);
  return times.length === 0 || times.length < holds.length ? null : Math.max(...times);
}

/** The plan of a campaign from the stages file. */
export const campaignPlan = (stages: Stages, flag: string): CampaignPlan => ({
  stages: (ladderFor(stages, flag)?.stages ?? []).map(({ number, percent }) => ({
    stage: number,
    percent,
    announcement: stageText(flag, percent),
  })),
  offText: offText(flag),
});
