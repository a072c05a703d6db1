import type { Agent, ModelId, Parameters, ProfileId } from '@phaselock/core';
import { type Kysely, sql } from 'kysely';
import type { Schema } from './schema.ts';

export type ModelRow = {
  readonly id: ModelId;
  readonly agent: Agent;
  readonly name: string;
  readonly isDefault: boolean;
  readonly standsFor: string | null;
  readonly deleted: boolean;
};

export type ProfileRow = {
  readonly id: ProfileId;
  readonly agent: Agent;
  readonly variant: string;
  readonly model: string | null;
  readonly parameters: Parameters;
  readonly deleted: boolean;
};

export async function addModel(
  db: Kysely<Schema>,
  model: { id: ModelId; agent: Agent; name: string; isDefault: boolean; standsFor: string | null },
): Promise<void> {
  await db
    .insertInto('models')
    .values({
      id: model.id,
      agent: model.agent,
      name: model.name,
      is_default: model.isDefault,
      stands_for: model.standsFor,
    })
    .execute();
}

export async function addProfile(
  db: Kysely<Schema>,
  profile: { id: ProfileId; agent: Agent; variant: string; model: string | null; parameters: Parameters },
): Promise<void> {
  await db
    .insertInto('profiles')
    .values({ ...profile, parameters: JSON.stringify(profile.parameters) })
    .execute();
}

const now = sql<Date>`clock_timestamp()`;

/** Deletion is a mark: sessions of the model stay visible and say "Model Not Found". */
export async function deleteModel(db: Kysely<Schema>, agent: Agent, name: string): Promise<boolean> {
  const result = await db
    .updateTable('models')
    .set({ deleted_at: now })
    .where('agent', '=', agent)
    .where('name', '=', name)
    .where('deleted_at', 'is', null)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

export async function deleteProfile(db: Kysely<Schema>, agent: Agent, variant: string): Promise<boolean> {
  const result = await db
    .updateTable('profiles')
    .set({ deleted_at: now })
    .where('agent', '=', agent)
    .where('variant', '=', variant)
    .where('deleted_at', 'is', null)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

/** Deleted rows come along: "deleted" and "never existed" are told apart. The live row of a name comes last and wins. */
export async function readCatalogue(db: Kysely<Schema>): Promise<{ models: ModelRow[]; profiles: ProfileRow[] }> {
  const [models, profiles] = await Promise.all([
    db
      .selectFrom('models')
      .selectAll()
      .orderBy('deleted_at', (order) => order.asc().nullsLast())
      .execute(),
    db
      .selectFrom('profiles')
      .selectAll()
      .orderBy('deleted_at', (order) => order.asc().nullsLast())
      .execute(),
  ]);
  return {
    models: models.map((row) => ({
      id: row.id,
      agent: row.agent,
      name: row.name,
      isDefault: row.is_default,
      standsFor: row.stands_for,
      deleted: row.deleted_at !== null,
    })),
    profiles: profiles.map((row) => ({
      id: row.id,
      agent: row.agent,
      variant: row.variant,
      model: row.model,
      parameters: row.parameters,
      deleted: row.deleted_at !== null,
    })),
  };
}
