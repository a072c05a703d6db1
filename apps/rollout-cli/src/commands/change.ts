import {
  type CampaignCommand,
  type CampaignPlan,
  campaignPlan,
  conduct,
  holdRollout,
  judgeBake,
  offText,
  type Racepoint,
  type StageVerdict,
} from '@phaselock/rollout';
import { readCampaign } from '@phaselock/store';
import { prometheusOf, type Rollout, readStagesFile } from '../open-rollout.ts';
import type { Change, Command } from '../read-arguments.ts';
import type { Report } from '../report.ts';

type Changing = Extract<Command, Change> & { readonly kind: 'start' | 'pause' | 'resume' | 'promote' | 'abort' };

/** Takes the lease, runs one command, and releases the lease. */
export async function change(rollout: Rollout, command: Changing, racepoint: Racepoint): Promise<Report> {
  const { database, config, holder, actor } = rollout;
  const { flag, kind, takeOver } = command;
  const judging = await judgingOf(rollout, command);
  const notes: string[] = [];
  const leaseMs = config.leaseSeconds * 1_000;
  const done = await (async () => {
    await using held = await holdRollout({ sql: database, flag, holder, leaseMs, takeOver });
    await racepoint('lease-taken');
    const onStep = (told: string): void => void notes.push(told);
    const parts = { sql: database, flag, actor, fence: held.fence, racepoint, onStep, ...judging };
    return await conduct<StageVerdict>(parts, toCommand(command));
  })();
  await racepoint('lease-released');
  const { decision, verdict } = done;
  const record = await readCampaign(database, flag);
  const refused = decision.kind === 'refuse';
  return {
    command: kind,
    flag,
    outcome: refused ? 'error' : decision.outcome,
    told: decision.told,
    notes,
    ...(refused && { error: { code: decision.refusal, message: decision.told } }),
    ...(record !== undefined && { campaign: record }),
    ...(verdict !== undefined && { verdict: verdict.shown }),
  };
}

/**
 * Reads the stages file and prepares the judgement for `start` and `promote`. The other commands need neither the file
 * nor Prometheus.
 */
async function judgingOf({ config }: Rollout, { kind, flag }: Changing) {
  if (kind !== 'start' && kind !== 'promote') {
    const plan: CampaignPlan = { stages: [], offText: offText(flag) };
    return { plan, judge: () => Promise.reject(new Error('only a promotion needs a judgement')) };
  }
  const stages = await readStagesFile(config, flag);
  const judge = { prometheus: prometheusOf(config, stages), stages };
  return { plan: campaignPlan(stages, flag), judge: judgeBake.bind(undefined, judge) };
}

function toCommand(command: Changing): CampaignCommand {
  const { why, announce } = command;
  const told = announce === undefined ? {} : { announce };
  switch (command.kind) {
    case 'start':
      return { kind: 'start', why, releaseKill: command.releaseKill, instances: command.instances, ...told };
    case 'pause':
      return { kind: 'pause', why: why || 'paused' };
    case 'resume':
      return { kind: 'resume', why, releaseKill: command.releaseKill, ...told };
    case 'promote':
      return { kind: 'promote', ...told, ...(command.force && { force: { why } }) };
    case 'abort':
      return { kind: 'abort', why, ...told };
  }
}
