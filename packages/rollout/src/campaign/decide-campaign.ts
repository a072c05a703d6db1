import { decideByVerdict } from './by-verdict.ts';
import type { CampaignCommand, CampaignDecision, CampaignRecord, CampaignState, Judged } from './campaign.ts';
import { commandText } from './command-text.ts';
import { decideResume } from './resume.ts';
import { isAsSet, isOn, isUnderWay, present } from './standing.ts';
import { decideStart } from './start.ts';
import { abortStep, holdStep, refuse, stay } from './steps.ts';

/**
 * Decides what a command does to a campaign. It is pure, so that a table of tests covers every combination. `verdict`
 * is that of the present bake; it is undefined if no bake can be judged. Times are those of the database.
 */
export function decideCampaign(
  state: CampaignState,
  verdict: Judged | undefined,
  command: CampaignCommand,
): CampaignDecision {
  const { holding } = state;
  if (holding.kind === 'other')
    return refuse('held-by-another', `${holding.holder} holds the rollout until ${holding.until.toISOString()}`);
  if (holding.kind === 'lapsed')
    return refuse('lease-lapsed', 'the lease of this command has lapsed: nothing was done');
  switch (command.kind) {
    case 'start':
      return decideStart(state, command);
    case 'pause':
      return decidePause(state, command.why);
    case 'resume':
      return decideResume(state, command);
    case 'promote':
      return decidePromote(state, verdict, command);
    case 'abort':
      return decideAbort(state, command);
    case 'tick':
      return decideTick(state, verdict);
  }
}

function decidePause({ record }: CampaignState, why: string): CampaignDecision {
  if (!isUnderWay(record)) return refuse('no-campaign', noCampaign(record));
  if (record.state === 'paused') return stay('inconclusive', `it is paused already${whereOff(record)}`);
  const back = commandText(record.flag, whereOff(record) === '' ? 'resume' : 'resume --release-kill --why …');
  const told = `paused at ${record.percent} %${whereOff(record)}: the flag stays as it is, nothing is judged until ${back}`;
  const { campaign, stage, percent } = record;
  const step = {
    action: 'pause',
    why,
    bake: 'none',
    to: { campaign, stage, percent, state: 'paused', heldFor: null },
  } as const;
  return { kind: 'step', outcome: 'pass', told, step };
}

function decideAbort(state: CampaignState, { why, announce }: CampaignCommand & { kind: 'abort' }): CampaignDecision {
  const { record } = state;
  if (!isUnderWay(record) && record.state !== 'done') return refuse('no-campaign', noCampaign(record));
  if (why.trim() === '') return refuse('why-missing', 'an abort needs a reason: --why');
  return abortStep(state, { why, ...(announce !== undefined && { announce }) });
}

const noCampaign = ({ state, flag }: CampaignRecord): string =>
  state === 'done'
    ? 'the rollout is done: nothing is under way'
    : `no rollout is under way; ${commandText(flag, 'start')} starts one`;

/** Part of a message: the flag is off for everybody, which its percentage does not show. */
function whereOff({ present: { enabled, kill } }: CampaignRecord): string {
  if (kill !== null) return `, and the flag is killed (by ${kill.actor}): off for everybody`;
  return enabled ? '' : ', and the flag is off for everybody';
}

function decidePromote(
  state: CampaignState,
  verdict: Judged | undefined,
  command: CampaignCommand & { kind: 'promote' },
): CampaignDecision {
  const { record } = state;
  if (!isUnderWay(record)) return refuse('no-campaign', noCampaign(record));
  const { kill } = record.present;
  if (kill !== null)
    return refuse(
      'killed',
      `killed by ${kill.actor}: ${kill.why}. ${commandText(record.flag, 'resume --release-kill --why …')} continues, ${commandText(record.flag, 'abort --why …')} ends the campaign`,
    );
  if (!isAsSet(record)) return foreignChange(state, 'flag-changed');
  if (record.state === 'paused')
    return refuse('paused', `it is paused: ${commandText(record.flag, 'resume')} starts a new bake of this stage`);
  if (command.force !== undefined && command.force.why.trim() === '')
    return refuse('why-missing', 'overriding the verdict needs a reason: --why');
  if (command.force === undefined && record.bakingSince === null)
    return refuse(
      'needs-resume',
      `this bake was decided: ${commandText(record.flag, 'resume')} starts a new one, ${commandText(record.flag, 'abort --why …')} ends the campaign`,
    );
  if (verdict === undefined && command.force === undefined)
    return refuse('no-verdict', 'there is no verdict to promote on');
  return decideByVerdict(state, verdict, command);
}

function decideTick(state: CampaignState, verdict: Judged | undefined): CampaignDecision {
  const { record } = state;
  switch (record.state) {
    case 'idle':
      return { ...stay('inconclusive', 'no rollout is under way'), ended: true };
    case 'done':
      return {
        ...(isOn(record)
          ? stay('pass', 'the rollout is done')
          : stay('fail', 'the rollout was done, and the flag is off now')),
        ended: true,
      };
    case 'aborted':
      return { ...stay('fail', 'the rollout was aborted'), ended: true };
    case 'paused':
      return stay('inconclusive', `paused by a person${whereOff(record)}`);
    case 'baking':
    case 'holding':
      break;
  }
  const { kill } = record.present;
  if (kill !== null) {
    const told = `killed by ${kill.actor}: ${kill.why}`;
    return record.heldFor === 'kill'
      ? stay('fail', told)
      : holdStep(state, { heldFor: 'kill', why: told, outcome: 'fail' });
  }
  if (record.bakingSince !== null && !isAsSet(record)) return foreignChange(state, 'hold');
  if (record.bakingSince === null || verdict === undefined)
    return stay(
      'inconclusive',
      `a person has to decide: ${commandText(record.flag, 'resume')} or ${commandText(record.flag, 'abort --why …')}`,
    );
  return decideByVerdict(state, verdict, { kind: 'tick' });
}

/** The campaign never overwrites a flag that was changed by hand. */
function foreignChange(state: CampaignState, asked: 'hold' | 'flag-changed'): CampaignDecision {
  const { record } = state;
  const why = `the flag was changed by ${record.present.updatedBy ?? 'an unknown user'} to ${present(record)}; the campaign had set ${record.percent} %, version ${record.flagVersion}`;
  if (record.heldFor === 'flag')
    return asked === 'hold'
      ? stay('inconclusive', why)
      : refuse(
          'flag-changed',
          `${why}. Set it back and ${commandText(record.flag, 'resume')}, or ${commandText(record.flag, 'abort --why …')}`,
        );
  return holdStep(state, { heldFor: 'flag', why, outcome: 'inconclusive' });
}
