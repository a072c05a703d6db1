import type { CampaignCommand, CampaignDecision, CampaignState, Judged } from './campaign.ts';
import { stageAfter } from './standing.ts';
import { abortStep, holdStep, refuse, stay } from './steps.ts';

type Asked = CampaignCommand & { kind: 'promote' | 'tick' };

/** Decides by the verdict of the bake, or by force. The caller has checked that the flag is as the campaign set it. */
export function decideByVerdict(state: CampaignState, verdict: Judged | undefined, asked: Asked): CampaignDecision {
  const { record } = state;
  if (asked.kind === 'promote' && asked.force !== undefined) return nextStage(state, asked.force.why, asked, true);
  if (verdict === undefined) return refuse('no-verdict', 'there is no verdict to promote on');
  const { why, reason, outcome, bakeFrom } = verdict;
  switch (why) {
    case 'proven':
      return nextStage(state, reason, asked, false);
    case 'failed_early':
    case 'failed':
      // After a failed promotion a person decides about the abort; the controller aborts on its own.
      return asked.kind === 'tick'
        ? abortStep(state, { why: reason, outcome: 'fail' })
        : holdStep(state, { heldFor: 'verdict', why: reason, outcome: 'fail' });
    case 'not_proven':
      return holdStep(state, { heldFor: 'verdict', why: reason, outcome });
    case 'baking':
      return record.state === 'holding' ? goOn(state, reason) : stay('inconclusive', reason);
    case 'held':
      if (bakeFrom !== null && record.bakingSince !== null && bakeFrom > record.bakingSince.getTime())
        return laterBake(state, reason, bakeFrom);
      return record.state === 'holding'
        ? stay('inconclusive', `on hold: ${reason}`)
        : holdStep(state, { heldFor: 'evidence', why: reason, outcome: 'inconclusive' });
  }
}

function nextStage(state: CampaignState, why: string, asked: Asked, forced: boolean): CampaignDecision {
  const { record, plan } = state;
  const { campaign } = record;
  const next = stageAfter(plan, record);
  if (next === undefined) {
    const to = { campaign, stage: record.stage, percent: record.percent, state: 'done', heldFor: null } as const;
    const how = forced ? 'forced by a person, not by the verdict of its last stage' : 'and its last stage has passed';
    const told = `done: ${record.percent} %, ${how}`;
    return { kind: 'step', outcome: 'pass', told, step: { action: 'done', why, bake: 'none', to, forced } };
  }
  const text = asked.kind === 'promote' ? asked.announce : undefined;
  return {
    kind: 'step',
    outcome: 'pass',
    told: `promoted from ${record.percent} to ${next.percent} %: stage ${next.stage}${forced ? ', against the verdict' : ''}`,
    step: {
      action: 'promote',
      why,
      bake: 'new',
      to: { campaign, stage: next.stage, percent: next.percent, state: 'baking', heldFor: null },
      flag: { change: { enabled: true, percent: next.percent }, seenVersion: record.present.version },
      forced,
      announcement: { kind: 'stage', text: text ?? next.announcement },
    },
  };
}

function goOn({ record }: CampaignState, why: string): CampaignDecision {
  const { campaign, stage, percent } = record;
  const to = { campaign, stage, percent, state: 'baking', heldFor: null } as const;
  const step = { action: 'resume', why, bake: 'kept', to } as const;
  return { kind: 'step', outcome: 'inconclusive', told: `the evidence is reliable again: ${why}`, step };
}

/** Moves the start of the bake, because only the counts after it are reliable. */
function laterBake({ record }: CampaignState, why: string, bakeFrom: number): CampaignDecision {
  const { campaign, stage, percent } = record;
  const to = { campaign, stage, percent, state: 'baking', heldFor: null } as const;
  const from = new Date(bakeFrom).toISOString();
  const step = { action: 'rebake', why, bake: 'later', bakeFrom: from, to } as const;
  return { kind: 'step', outcome: 'inconclusive', told: `the bake counts from ${from}: ${why}`, step };
}
