import type { Agent, ModelId, Parameters, ProfileId } from '@phaselock/core';
import { type Kysely, sql } from 'kysely';
import type { PageAfter } from './page.ts';
import type { Schema } from './schema.ts';

export type CatalogueFilter = { readonly agent?: Agent; readonly includeDeleted?: boolean };

type Entry = { readonly agent: Agent; readonly createdAt: Date; readonly deletedAt: Date | null };
export type ModelRecord = Entry & {
  readonly id: ModelId;
  readonly name: string;
  readonly isDefault: boolean;
  readonly standsFor: string | null;
};
export type ProfileRecord = Entry & {
  readonly id: ProfileId;
  readonly variant: string;
  readonly model: string | null;
  readonly parameters: Parameters;
};

export async function listModels(
  db: Kysely<Schema>,
  { agent, includeDeleted }: CatalogueFilter,
  { limit, after }: PageAfter<ModelId>,
): Promise<ModelRecord[]> {
  let query = db
    .selectFrom('models')
    .select(['id', 'agent', 'name', 'is_default as isDefault', 'stands_for as standsFor'])
    .select(['created_at as createdAt', 'deleted_at as deletedAt'])
    .orderBy('id', 'desc')
    .limit(limit);
  if (agent !== undefined) query = query.where('agent', '=', agent);
  if (includeDeleted !== true) query = query.where('deleted_at', 'is', null);
  if (after !== undefined) query = query.where('id', '<', after);
  return await query.execute();
}

export async function listProfiles(
  db: Kysely<Schema>,
  { agent, includeDeleted }: CatalogueFilter,
  { limit, after }: PageAfter<ProfileId>,
): Promise<ProfileRecord[]> {
  let query = db
    .selectFrom('profiles')
    .select(['id', 'agent', 'variant', 'model', 'parameters'])
    .select(['created_at as createdAt', 'deleted_at as deletedAt'])
    .orderBy('id', 'desc')
    .limit(limit);
  if (agent !== undefined) query = query.where('agent', '=', agent);
  if (includeDeleted !== true) query = query.where('deleted_at', 'is', null);
  if (after !== undefined) query = query.where('id', '<', after);
  return await query.execute();
}

const now = sql<Date>`clock_timestamp()`;

/** Soft-deletes a model; a second deletion changes nothing. False when there is no such row. */
export async function removeModel(db: Kysely<Schema>, id: ModelId): Promise<boolean> {
  const removed = await db
    .updateTable('models')
    .set(({ fn, ref }) => ({ deleted_at: fn.coalesce(ref('deleted_at'), now) }))
    .where('id', '=', id)
    .executeTakeFirst();
  return removed.numUpdatedRows > 0n;
}

export async function removeProfile(db: Kysely<Schema>, id: ProfileId): Promise<boolean> {
  const removed = await db
    .updateTable('profiles')
    .set(({ fn, ref }) => ({ deleted_at: fn.coalesce(ref('deleted_at'), now) }))
    .where('id', '=', id)
    .executeTakeFirst();
  return removed.numUpdatedRows > 0n;
}
