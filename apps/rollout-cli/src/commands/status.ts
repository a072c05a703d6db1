import { campaignPlan, judgeBake, look, recordBake, type StageVerdict, UnknownFlag } from '@phaselock/rollout';
import { type CampaignRecord, listAnnouncements, readCampaign, readRolloutSteps } from '@phaselock/store';
import { prometheusOf, type Rollout, readStagesFile } from '../open-rollout.ts';
import type { Command } from '../read-arguments.ts';
import { openRecordingFile } from '../recording-file.ts';
import type { Report } from '../report.ts';

/**
 * Shows the state of the campaign from the database. With `--judge` it also judges the gates, without storing the
 * verdict.
 */
export async function status(rollout: Rollout, { flag, judge, record }: Command & { kind: 'status' }): Promise<Report> {
  const { database } = rollout;
  const campaign = await readCampaign(database, flag);
  if (campaign === undefined) throw new UnknownFlag(`there is no flag ${flag}`);
  const announcements = await listAnnouncements(database.kysely, { flag, active: true }, { limit: 10 });
  const told = standing(campaign);
  const judged = judge ? await judgeNow(rollout, flag, record) : {};
  const [last] = await readRolloutSteps(database.kysely, { flag, limit: 1 });
  const notes =
    last === undefined ? [] : [`last step, ${last.at.toISOString()} by ${last.actor}: ${last.action}: ${last.why}`];
  return { command: 'status', flag, outcome: 'pass', told, campaign, announcements, notes, ...judged };
}

async function judgeNow(
  { config, database }: Rollout,
  flag: string,
  file: string | undefined,
): Promise<Partial<Report>> {
  const stages = await readStagesFile(config, flag);
  using recording = file === undefined ? undefined : openRecordingFile(file);
  const judging = { prometheus: prometheusOf(config, stages), stages };
  const judge =
    recording === undefined ? judgeBake.bind(undefined, judging) : recordBake.bind(undefined, judging, recording.write);
  const parts = { sql: database, flag, plan: campaignPlan(stages, flag), judge };
  const { decision, verdict } = await look<StageVerdict>(parts, { kind: 'promote' });
  if (verdict === undefined) return { outcome: 'inconclusive', told: `nothing to judge: ${decision.told}` };
  return { outcome: verdict.judged.outcome, told: verdict.judged.reason, verdict: verdict.shown };
}

function standing({ flag, campaign, stage, percent, state, present, heldFor }: CampaignRecord): string {
  const { kill, enabled } = present;
  const now = kill !== null ? `killed by ${kill.actor}` : enabled ? `on for ${present.percent} %` : 'off';
  if (campaign === 0) return `${flag} is ${now}; it was never rolled out`;
  const held = heldFor === null ? '' : ` (${HELD[heldFor]})`;
  return `${flag} is ${now}; campaign ${campaign} is ${state}${held}, stage ${stage}, ${percent} %`;
}

const HELD = {
  evidence: 'waiting for reliable evidence',
  verdict: 'the bake was decided: a person has to choose what happens next',
  flag: 'the flag was changed by hand',
  kill: 'it was killed',
} as const;
