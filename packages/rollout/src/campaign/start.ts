import type { CampaignCommand, CampaignDecision, CampaignState } from './campaign.ts';
import { commandText } from './command-text.ts';
import { isOn, isUnderWay } from './standing.ts';
import { refuse } from './steps.ts';

/** Starts a campaign, but only if the flag is off: a start at 5 % would silently switch it off for most users. */
export function decideStart(
  { record, plan }: CampaignState,
  { why, releaseKill, instances, announce }: CampaignCommand & { kind: 'start' },
): CampaignDecision {
  const { present } = record;
  if (isUnderWay(record))
    return refuse(
      'under-way',
      `campaign ${record.campaign} is at stage ${record.stage} (${record.percent} %), ${record.state}`,
    );
  if (isOn(record))
    return refuse(
      'already-on',
      `${record.flag} is on for ${present.percent} % already. To roll it out from the beginning, switch it off first: ${commandText(record.flag, 'kill --why …')}, then ${commandText(record.flag, 'start --release-kill --why …')}`,
    );
  const { kill } = present;
  if (kill !== null && !releaseKill)
    return refuse('killed', `killed by ${kill.actor}: ${kill.why}. To start anyway: --release-kill --why …`);
  if (kill !== null && why.trim() === '') return refuse('why-missing', 'releasing the kill needs a reason: --why');
  const [first] = plan.stages;
  if (first === undefined) return refuse('no-campaign', 'the stages file has no stage for this flag');
  return {
    kind: 'step',
    outcome: 'pass',
    told: `campaign ${record.campaign + 1} has begun: stage ${first.stage}, ${first.percent} %`,
    step: {
      action: 'start',
      why: why || 'the rollout begins',
      bake: 'new',
      to: { campaign: record.campaign + 1, stage: first.stage, percent: first.percent, state: 'baking', heldFor: null },
      flag: {
        change: { enabled: true, percent: first.percent, ...(kill !== null && { release_kills: true }) },
        seenVersion: present.version,
        ...(kill !== null && { seenKill: kill.id }),
      },
      instances,
      announcement: { kind: 'stage', text: announce ?? first.announcement },
      offText: plan.offText,
    },
  };
}
