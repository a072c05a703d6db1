import { UnknownFlag } from '@phaselock/rollout';
import {
  countRolloutHistory,
  listFlagChanges,
  readCampaign,
  readRolloutSteps,
  readRolloutVerdicts,
} from '@phaselock/store';
import type { Rollout } from '../open-rollout.ts';
import type { Command } from '../read-arguments.ts';
import type { History, Report } from '../report.ts';
import { timelineOf } from '../timeline.ts';

/** Shows the steps, verdicts and flag changes, by which a step can be justified. */
export async function history(
  { database }: Rollout,
  { flag, campaign, limit }: Command & { kind: 'history' },
): Promise<Report> {
  const record = await readCampaign(database, flag);
  if (record === undefined) throw new UnknownFlag(`there is no flag ${flag}`);
  if (campaign !== undefined && campaign > record.campaign) return noCampaign(flag, campaign, record.campaign);
  const asked = campaign === undefined ? {} : { campaign };
  const which = { flag, limit, ...asked };
  const all = {
    steps: await readRolloutSteps(database.kysely, which),
    verdicts: await readRolloutVerdicts(database.kysely, which),
    changes: await listFlagChanges(database.kysely, flag, { limit, ...asked }),
  };
  const shown = newestOf(all, limit);
  const { steps, verdicts, changes } = shown;
  const many = steps.length + verdicts.length + changes.length;
  const total = await countRolloutHistory(database.kysely, { flag, ...asked });
  const leftOut = Math.max(0, total - many);
  const told = [
    counted(steps.length, 'step', 'steps'),
    counted(verdicts.length, 'verdict', 'verdicts'),
    counted(changes.length, 'change of the flag', 'changes of the flag'),
  ].join(', ');
  const notes =
    leftOut === 0
      ? []
      : [
          `the newest ${many} of ${total}; ${counted(leftOut, 'older one is', 'older ones are')} left out: --limit ${total} shows all`,
        ];
  return { command: 'history', flag, outcome: 'pass', told, notes, campaign: record, history: { ...shown, leftOut } };
}

const counted = (many: number, one: string, more: string): string => `${many} ${many === 1 ? one : more}`;

/** Applies one limit to all kinds together, so that no entry between two others is missing. */
function newestOf(all: Omit<History, 'leftOut'>, limit: number): Omit<History, 'leftOut'> {
  const kept = new Set<object>(
    timelineOf(all)
      .slice(-limit)
      .map(({ row }) => row),
  );
  return {
    steps: all.steps.filter((row) => kept.has(row)),
    verdicts: all.verdicts.filter((row) => kept.has(row)),
    changes: all.changes.filter((row) => kept.has(row)),
  };
}

function noCampaign(flag: string, campaign: number, newest: number): Report {
  const message =
    newest === 0
      ? `${flag} has no campaign ${campaign}: it was never rolled out`
      : `${flag} has no campaign ${campaign}: the newest is ${newest}`;
  return { command: 'history', flag, outcome: 'error', told: message, error: { code: 'no-campaign', message } };
}
