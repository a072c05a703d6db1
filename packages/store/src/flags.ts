import { type Kysely, sql } from 'kysely';
import type { Schema } from './schema.ts';

export type FlagRow = {
  readonly name: string;
  readonly enabled: boolean;
  readonly value: unknown;
  readonly version: number;
  readonly updatedAt: Date;
  readonly updatedBy: string | null;
};

export type RolloutRow = {
  readonly flag: string;
  readonly stage: number;
  readonly percent: number;
  readonly state: string;
  readonly bakingSince: Date | null;
  readonly updatedAt: Date;
};

const FLAG = ['name', 'enabled', 'value', 'version', 'updated_at as updatedAt', 'updated_by as updatedBy'] as const;

export async function readFlags(db: Kysely<Schema>): Promise<FlagRow[]> {
  return await db.selectFrom('flags').select(FLAG).orderBy('name').execute();
}

export type SetFlag = {
  readonly name: string;
  readonly enabled: boolean;
  /** Left out: the value it has. */
  readonly value?: unknown;
  readonly seenVersion?: number;
  readonly actor?: string;
};

export async function setFlag(
  db: Kysely<Schema>,
  { name, enabled, value, seenVersion, actor }: SetFlag,
): Promise<FlagRow | 'not-found' | 'version-mismatch'> {
  let update = db
    .updateTable('flags')
    .set(({ eb }) => ({
      enabled,
      version: eb('version', '+', 1),
      updated_at: sql<Date>`clock_timestamp()`,
      updated_by: actor ?? null,
      ...(value !== undefined && { value: value === null ? null : JSON.stringify(value) }),
    }))
    .where('name', '=', name);
  if (seenVersion !== undefined) update = update.where('version', '=', seenVersion);
  const updated = await update.returning(FLAG).executeTakeFirst();
  if (updated !== undefined) return updated;
  const known = await db.selectFrom('flags').select('name').where('name', '=', name).executeTakeFirst();
  return known === undefined ? 'not-found' : 'version-mismatch';
}

export async function readRollouts(db: Kysely<Schema>): Promise<RolloutRow[]> {
  const rows = await db
    .selectFrom('rollouts')
    .select(['flag', 'stage', 'percent', 'state', 'baking_since as bakingSince', 'updated_at as updatedAt'])
    .orderBy('flag')
    .execute();
  return rows.map((row) => ({ ...row, percent: Number(row.percent) }));
}
