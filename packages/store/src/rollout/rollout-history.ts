import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { PageAfter } from '../page.ts';
import type { Schema } from '../schema.ts';
import type { RolloutAction, RolloutState } from './schema.ts';

/** An action of a rollout campaign, with the state before it (`from`) and after it (`to`). */
export type RolloutStepRow = {
  readonly id: number;
  readonly campaign: number;
  readonly at: Date;
  readonly actor: string;
  readonly action: RolloutAction;
  readonly from: { readonly stage: number; readonly percent: number; readonly state: RolloutState };
  readonly to: { readonly stage: number; readonly percent: number; readonly state: RolloutState };
  readonly why: string;
  readonly verdictId: number | null;
  /** A person overrode the verdict. */
  readonly forced: boolean;
  /** The fencing token of the lease under which the step was written. */
  readonly fence: number;
};

type Which = PageAfter<number> & { readonly flag: string; readonly campaign?: number };

/** Reads steps, newest first. */
export async function readRolloutSteps(
  db: Kysely<Schema>,
  { flag, campaign, limit, after }: Which,
): Promise<RolloutStepRow[]> {
  let query = db.selectFrom('rollout_steps').selectAll().where('flag', '=', flag).orderBy('id', 'desc').limit(limit);
  if (campaign !== undefined) query = query.where('campaign', '=', campaign);
  if (after !== undefined) query = query.where('id', '<', after);
  return (await query.execute()).map((row) => ({
    id: row.id,
    campaign: row.campaign,
    at: row.at,
    actor: row.actor,
    action: row.action,
    from: { stage: row.from_stage, percent: Number(row.from_percent), state: row.from_state },
    to: { stage: row.to_stage, percent: Number(row.to_percent), state: row.to_state },
    why: row.why,
    verdictId: row.verdict_id,
    forced: row.forced,
    fence: row.fence,
  }));
}

/** A judgement of a stage by the evidence of the period between `from` and `to`. */
export type RolloutVerdictRow = {
  readonly id: number;
  readonly campaign: number;
  readonly stage: number;
  readonly at: Date;
  /** `tick`: an interim verdict, while the bake continues or a precondition is unmet. */
  readonly kind: 'tick' | 'final';
  readonly outcome: 'pass' | 'fail' | 'inconclusive';
  /** The code of the reason for the outcome, such as `failed_early`. */
  readonly decision: string;
  readonly reason: string;
  readonly from: Date;
  readonly to: Date;
  /** The unmet preconditions, which forbade a promotion. */
  readonly preconditions: unknown;
  readonly gates: unknown;
};

/** Reads verdicts, newest first. */
export async function readRolloutVerdicts(
  db: Kysely<Schema>,
  { flag, campaign, limit, after }: Which,
): Promise<RolloutVerdictRow[]> {
  let query = db
    .selectFrom('rollout_verdicts')
    .select(['id', 'campaign', 'stage', 'at', 'kind', 'outcome', 'decision', 'reason'])
    .select(['window_from as from', 'window_to as to', 'preconditions', 'gates'])
    .where('flag', '=', flag)
    .orderBy('id', 'desc')
    .limit(limit);
  if (campaign !== undefined) query = query.where('campaign', '=', campaign);
  if (after !== undefined) query = query.where('id', '<', after);
  return await query.execute();
}

type Campaign = { readonly flag: string; readonly campaign: number };

/**
 * SQL condition for the flag changes of a campaign. They store no campaign, so their time decides: after the last step
 * of the previous campaign and before the first step of the next. A change between two campaigns belongs to both.
 */
export const withinCampaign = ({ flag, campaign }: Campaign): RawBuilder<boolean> => sql<boolean>`
  flag_changes.at > coalesce((select max(s.at) from rollout_steps s where s.flag = ${flag} and s.campaign < ${campaign}), '-infinity')
  and flag_changes.at < coalesce((select min(s.at) from rollout_steps s where s.flag = ${flag} and s.campaign > ${campaign}), 'infinity')`;

/** Returns the sum of the numbers of steps, verdicts and flag changes. */
export async function countRolloutHistory(
  db: Kysely<Schema>,
  { flag, campaign }: Partial<Campaign> & { readonly flag: string },
): Promise<number> {
  const many = sql<number>`count(*)::integer`.as('many');
  let steps = db.selectFrom('rollout_steps').select(many).where('flag', '=', flag);
  let verdicts = db.selectFrom('rollout_verdicts').select(many).where('flag', '=', flag);
  let changes = db.selectFrom('flag_changes').select(many).where('flag', '=', flag);
  if (campaign !== undefined) {
    steps = steps.where('campaign', '=', campaign);
    verdicts = verdicts.where('campaign', '=', campaign);
    changes = changes.where(withinCampaign({ flag, campaign }));
  }
  const counts = await steps.unionAll(verdicts).unionAll(changes).execute();
  return counts.reduce((sum, one) => sum + one.many, 0);
}
