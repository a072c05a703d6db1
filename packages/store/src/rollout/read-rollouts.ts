import { type Kysely, sql } from 'kysely';
import type { Schema } from '../schema.ts';
import type { RolloutState } from './schema.ts';

/** The latest campaign of a flag; `CampaignRecord` explains the fields. */
export type RolloutRow = {
  readonly flag: string;
  readonly stage: number;
  readonly percent: number;
  readonly state: RolloutState;
  readonly bakingSince: Date | null;
  readonly updatedAt: Date;
  readonly campaign: number;
  readonly killed: boolean;
  readonly expectedInstances: number | null;
};

const killed = sql<boolean>`exists (select from flag_kills k where k.flag = rollouts.flag and k.released_at is null)`;

export async function readRollouts(db: Kysely<Schema>): Promise<RolloutRow[]> {
  const rows = await db
    .selectFrom('rollouts')
    .select(['flag', 'stage', 'percent', 'state', 'baking_since as bakingSince', 'updated_at as updatedAt'])
    .select(['campaign', 'expected_instances as expectedInstances'])
    .select(killed.as('killed'))
    .orderBy('flag')
    .execute();
  return rows.map((row) => ({ ...row, percent: Number(row.percent) }));
}
