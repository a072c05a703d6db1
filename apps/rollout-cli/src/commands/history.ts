import { UnknownFlag } from '@phaselock/rollout';
import { listFlagChanges, readCampaign, readRolloutSteps, readRolloutVerdicts } from '@phaselock/store';
import type { Rollout } from '../open-rollout.ts';
import type { Command } from '../read-arguments.ts';
import type { Report } from '../report.ts';

/** All there is to defend a step with: what was done, on which verdict, and what became of the flag. */
export async function history(
  { database }: Rollout,
  { flag, campaign, limit }: Command & { kind: 'history' },
): Promise<Report> {
  const record = await readCampaign(database, flag);
  if (record === undefined) throw new UnknownFlag(`there is no flag ${flag}`);
  const which = { flag, limit, ...(campaign !== undefined && { campaign }) };
  const steps = await readRolloutSteps(database.kysely, which);
  const verdicts = await readRolloutVerdicts(database.kysely, which);
  const changes = await listFlagChanges(database.kysely, flag, { limit });
  const told = `${steps.length} steps, ${verdicts.length} verdicts, ${changes.length} changes of the flag`;
  return { command: 'history', flag, outcome: 'pass', told, campaign: record, history: { steps, verdicts, changes } };
}
