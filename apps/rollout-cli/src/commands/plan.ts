import { collectEvidence, ladderFor, planStage, trafficOf, UnknownFlag } from '@phaselock/rollout';
import { readCampaign } from '@phaselock/store';
import { prometheusOf, type Rollout, readStagesFile } from '../open-rollout.ts';
import type { Command } from '../read-arguments.ts';
import type { Report } from '../report.ts';

/**
 * Estimates the duration of each stage from present traffic, so it also works before a rollout. As for every judgement,
 * the time is that of the database.
 */
export async function plan(
  { config, database }: Rollout,
  { flag, overMs }: Command & { kind: 'plan' },
): Promise<Report> {
  const stages = await readStagesFile(config, flag);
  const ladder = ladderFor(stages, flag);
  // Gates stay in force, so the last stage has all of them.
  const last = ladder?.stages.at(-1);
  if (ladder === undefined || last === undefined) return nothing(flag, `${flag} has no stages`);
  const record = await readCampaign(database, flag);
  if (record === undefined) throw new UnknownFlag(`there is no flag ${flag}`);
  const to = record.now.getTime();
  const evidence = await collectEvidence(prometheusOf(config, stages), { stages, stage: last, from: to - overMs, to });
  const [refusal] = evidence.refusals;
  if (refusal !== undefined) return nothing(flag, `Prometheus did not answer (${refusal.why}): ${refusal.detail}`);
  const traffic = trafficOf(evidence);
  const planned = ladder.stages.map((stage) => planStage({ stage, traffic }));
  const fits = planned.every((stage) => stage.fits);
  const told = fits
    ? `all ${planned.length} stages can be proven`
    : 'a stage cannot be proven at present traffic within its longest bake';
  return { command: 'plan', flag, outcome: fits ? 'pass' : 'inconclusive', told, plan: { overMs, stages: planned } };
}

const nothing = (flag: string, told: string): Report => ({ command: 'plan', flag, outcome: 'inconclusive', told });
