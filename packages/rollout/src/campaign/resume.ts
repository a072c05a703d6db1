import type { CampaignCommand, CampaignDecision, CampaignState } from './campaign.ts';
import { commandText } from './command-text.ts';
import { isOn, isUnderWay, looksAsSet, present, stageOf } from './standing.ts';
import { refuse } from './steps.ts';

/**
 * Starts a new bake of the same stage. A flag that was killed, or switched off by hand, is switched on only with
 * `--release-kill`.
 */
export function decideResume(
  { record, plan }: CampaignState,
  { why, releaseKill, announce }: CampaignCommand & { kind: 'resume' },
): CampaignDecision {
  // After the last stage, a flag that was switched off can return to that stage.
  if (!isUnderWay(record) && (record.state !== 'done' || isOn(record)))
    return refuse('no-campaign', `no rollout is under way; ${commandText(record.flag, 'start')} starts one`);
  const { kill, enabled, percent, version, updatedBy } = record.present;
  const off = kill !== null || !enabled;
  if (record.state === 'baking' && !off && looksAsSet(record) && version === record.flagVersion)
    return refuse('baking-already', 'it is baking already');
  if (percent !== record.percent)
    return refuse(
      'flag-changed',
      `the flag is at ${present(record)} by ${updatedBy ?? 'an unknown user'}, but the campaign is at ${record.percent} %: set it back to ${record.percent} %, or ${commandText(record.flag, 'abort --why …')}`,
    );
  if (off && !releaseKill)
    return refuse(
      'killed',
      kill === null
        ? `the flag was switched off by ${updatedBy ?? 'an unknown user'}. To switch it on again: --release-kill --why …`
        : `killed by ${kill.actor}: ${kill.why}. To switch it on again: --release-kill --why …`,
    );
  if (off && why.trim() === '') return refuse('why-missing', 'switching the flag on again needs a reason: --why');
  const { campaign, stage } = record;
  const text = announce ?? stageOf(plan, record)?.announcement;
  return {
    kind: 'step',
    outcome: 'pass',
    told: `a new bake of stage ${stage} (${record.percent} %) has begun`,
    step: {
      action: 'resume',
      why: why || 'resumed',
      bake: 'new',
      to: { campaign, stage, percent: record.percent, state: 'baking', heldFor: null },
      flag: off
        ? {
            change: { enabled: true, percent: record.percent, ...(kill !== null && { release_kills: true }) },
            seenVersion: version,
            ...(kill !== null && { seenKill: kill.id }),
          }
        : { adoptVersion: version },
      ...((off || announce !== undefined) && text !== undefined && { announcement: { kind: 'stage', text } }),
    },
  };
}
