import {
  type CampaignRecord,
  classifyFailure,
  readCampaign,
  type Sql,
  type StoredVerdict,
  stepRollout,
} from '@phaselock/store';
import type { CampaignCommand, CampaignDecision, CampaignPlan, Holding, Judged } from './campaign.ts';
import { decideCampaign } from './decide-campaign.ts';
import { HeldByAnother, UnknownFlag } from './hold-rollout.ts';
import { killInstead } from './killed-instead.ts';
import type { Racepoint } from './racepoints.ts';
import { isAsSet } from './standing.ts';

/** A verdict in the forms for the decision, for storage and for display. */
export type PresentVerdict<Shown> = {
  readonly judged: Judged;
  readonly stored: StoredVerdict;
  readonly shown: Shown;
};

/** The data and functions with which `conduct` carries out a command. */
export type Conduct<Shown> = {
  readonly sql: Sql;
  readonly flag: string;
  readonly plan: CampaignPlan;
  readonly fence: number;
  readonly actor: string;
  /** Judges the bake at the time of the record. */
  readonly judge: (record: CampaignRecord) => Promise<PresentVerdict<Shown>>;
  readonly racepoint?: Racepoint;
  /** Called for each intermediate step, such as a later start of the bake. */
  readonly onStep?: (told: string) => void;
};

/** The result of a command, and the record on which it was decided. */
export type Conducted<Shown> = {
  readonly decision: CampaignDecision;
  readonly verdict: PresentVerdict<Shown> | undefined;
  readonly verdictId: number | null;
  readonly stepId: number | null;
  readonly record: CampaignRecord;
};

/** The result of a dry run. */
export type Look<Shown> = Pick<Conducted<Shown>, 'decision' | 'verdict' | 'record'>;

/** Reads, judges and decides as if it held the lease, and writes nothing. */
export async function look<Shown>(
  { sql, flag, plan, judge }: Pick<Conduct<Shown>, 'sql' | 'flag' | 'plan' | 'judge'>,
  command: CampaignCommand,
): Promise<Look<Shown>> {
  const record = await seen(sql, flag);
  const verdict = wantsVerdict(record, command) ? await judge(record) : undefined;
  const decision = decideCampaign({ record, plan, holding: { kind: 'ours' } }, verdict?.judged, command);
  return { record, verdict, decision };
}

/**
 * Maximum number of attempts to write one decision. A kill, a manual change and a later start of the bake each cost an
 * attempt; more of them in a row mean that another person is changing the flag.
 */
const LOOKS = 6;

/**
 * Reads, judges, decides and writes. It repeats this until a decision was written before the state changed, or there is
 * nothing to write.
 */
export async function conduct<Shown>(parts: Conduct<Shown>, command: CampaignCommand): Promise<Conducted<Shown>> {
  const { sql, flag, plan, fence, actor, racepoint = () => undefined, onStep = () => undefined } = parts;
  for (let look = 1; look <= LOOKS; look += 1) {
    const record = await seen(sql, flag);
    await racepoint('campaign-read');
    const verdict = wantsVerdict(record, command) ? await parts.judge(record) : undefined;
    await racepoint('judged');
    const decision = decideCampaign({ record, plan, holding: holdingOf(record, fence) }, verdict?.judged, command);
    if (decision.kind === 'refuse') return { decision, verdict, verdictId: null, stepId: null, record };
    const step = decision.kind === 'step' ? decision.step : undefined;
    if (step === undefined && verdict === undefined)
      return { decision, verdict, verdictId: null, stepId: null, record };
    const { campaign, stage, state } = record;
    const written = await stepRollout(sql, {
      flag,
      fence,
      actor,
      seen: { campaign, stage, state },
      ...(step !== undefined && { step }),
      ...(verdict !== undefined && { verdict: verdict.stored }),
    }).catch((error: unknown) => {
      if (step?.action !== 'abort' || classifyFailure(error) !== 'contended') throw error;
      return killInstead({ sql, flag, actor, why: step.why }, error);
    });
    await racepoint('stepped');
    switch (written.kind) {
      case 'fenced':
        throw new HeldByAnother((await seen(sql, flag)).lease?.holder ?? 'a process that has released it again', null);
      case 'moved':
      case 'flag-moved':
      case 'killed':
        continue;
      case 'done':
        if (step?.action !== 'rebake' || look === LOOKS) return { decision, verdict, ...written, record };
        onStep(decision.told);
    }
  }
  throw new Error(`${flag} changed during each attempt to decide: nothing was done`);
}

async function seen(sql: Sql, flag: string): Promise<CampaignRecord> {
  const record = await readCampaign(sql, flag);
  if (record === undefined) throw new UnknownFlag(`there is no flag ${flag}`);
  return record;
}

function holdingOf({ fence, lease }: CampaignRecord, ours: number): Holding {
  if (fence === ours) return lease === null ? { kind: 'lapsed' } : { kind: 'ours' };
  return lease === null ? { kind: 'lapsed' } : { kind: 'other', ...lease };
}

/**
 * Only a bake whose flag is as the campaign set it is judged; otherwise the counts belong to another state of the flag.
 */
function wantsVerdict(record: CampaignRecord, command: CampaignCommand): boolean {
  if (command.kind !== 'promote' && command.kind !== 'tick') return false;
  return record.bakingSince !== null && record.present.kill === null && isAsSet(record);
}
