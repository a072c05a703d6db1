import type { CampaignDecision, CampaignRefusal, CampaignState, HeldFor, Outcome } from './campaign.ts';
import { commandText } from './command-text.ts';

export const refuse = (refusal: CampaignRefusal, told: string): CampaignDecision & { kind: 'refuse' } => ({
  kind: 'refuse',
  refusal,
  told,
});

export const stay = (outcome: Outcome, told: string): CampaignDecision & { kind: 'stay' } => ({
  kind: 'stay',
  outcome,
  told,
});

type Hold = { readonly heldFor: HeldFor; readonly why: string; readonly outcome: Outcome };

/** Holds the campaign at its percentage. The bake continues only if the hold waits for reliable evidence. */
export function holdStep({ record }: CampaignState, { heldFor, why, outcome }: Hold): CampaignDecision {
  const { campaign, stage, percent } = record;
  const step = {
    action: heldFor === 'kill' ? 'kill-seen' : 'hold',
    why,
    bake: heldFor === 'evidence' ? 'kept' : 'none',
    to: { campaign, stage, percent, state: 'holding', heldFor },
  } as const;
  return {
    kind: 'step',
    outcome,
    told: heldFor === 'verdict' ? decided(record.flag, outcome, why) : `on hold: ${why}`,
    step,
  };
}

/** Message for a decided bake: a person has to choose what happens next. */
const decided = (flag: string, outcome: Outcome, why: string): string =>
  `${outcome === 'fail' ? 'the bake failed' : 'the bake is over and proves nothing'}: ${why}. ${commandText(flag, 'resume')} starts a new one, ${commandText(flag, 'abort --why …')} ends the campaign`;

type Abort = { readonly why: string; readonly outcome?: Outcome; readonly announce?: string };

/** Switches the flag off for everybody, even if it was changed by hand, because off is safe. A kill stays in force. */
export function abortStep(
  { record, plan }: CampaignState,
  { why, outcome = 'pass', announce }: Abort,
): CampaignDecision {
  const step = {
    action: 'abort',
    why,
    bake: 'none',
    to: { campaign: record.campaign, stage: 0, percent: 0, state: 'aborted', heldFor: null },
    flag: { change: { enabled: false, percent: 0 }, seenVersion: record.present.version },
    announcement: { kind: 'off', text: announce ?? record.offText ?? plan.offText },
  } as const;
  return { kind: 'step', outcome, told: `aborted: the rule is off for everybody. ${why}`, step };
}
