import { type Agent, type ModelId, type Parameters, PhaselockError, type ProfileId } from '@phaselock/core';
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
  await inOneTransaction(db, async (transaction) => {
    if (model.isDefault) await giveUpDefault(transaction, model.agent);
    await refuseSameName(transaction, model);
    await transaction
      .insertInto('models')
      .values({
        id: model.id,
        agent: model.agent,
        name: model.name,
        is_default: model.isDefault,
        stands_for: model.standsFor,
      })
      .execute();
  });
}

/** Lookups ignore case, so two live models of an agent must not have names that differ in case only. */
async function refuseSameName(db: Kysely<Schema>, { agent, name }: { agent: Agent; name: string }): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`model name ${agent} ${name.toLowerCase()}`}, 0))`.execute(
    db,
  );
  const twin = await db
    .selectFrom('models')
    .select('id')
    .where('agent', '=', agent)
    .where((where) => where(where.fn('lower', ['name']), '=', name.toLowerCase()))
    .where('deleted_at', 'is', null)
    .executeTakeFirst();
  if (twin !== undefined) throw new PhaselockError('already_exists');
}

/** Runs the work in the transaction that is already open, or in a new one. */
const inOneTransaction = <Result>(
  db: Kysely<Schema>,
  work: (transaction: Kysely<Schema>) => Promise<Result>,
): Promise<Result> => (db.isTransaction ? work(db) : db.transaction().execute(work));

export async function addProfile(
  db: Kysely<Schema>,
  profile: { id: ProfileId; agent: Agent; variant: string; model: string | null; parameters: Parameters },
): Promise<void> {
  await db
    .insertInto('profiles')
    .values({ ...profile, parameters: JSON.stringify(profile.parameters) })
    .execute();
}

/**
 * Clears the default model of an agent, in the transaction that sets another one: no reader sees two defaults, or none.
 * The advisory lock makes concurrent changes of the default run one after the other.
 */
async function giveUpDefault(db: Kysely<Schema>, agent: Agent): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`default model ${agent}`}, 0))`.execute(db);
  await db
    .updateTable('models')
    .set({ is_default: false })
    .where('agent', '=', agent)
    .where('is_default', '=', true)
    .where('deleted_at', 'is', null)
    .execute();
}

export type EditModel = { readonly isDefault?: boolean; readonly standsFor?: string | null };

/** The model was deleted while its edit waited. The rollback restores the default that was cleared for it. */
class ModelDeleted extends Error {
  override readonly name = 'ModelDeleted';
}

/** Changes the given fields only. False when there is no such live model. */
export async function editModel(db: Kysely<Schema>, id: ModelId, given: EditModel): Promise<boolean> {
  try {
    await writeModel(db, id, given);
    return true;
  } catch (error) {
    if (error instanceof ModelDeleted) return false;
    throw error;
  }
}

async function writeModel(db: Kysely<Schema>, id: ModelId, { isDefault, standsFor }: EditModel): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    const live = transaction.selectFrom('models').select('agent').where('id', '=', id).where('deleted_at', 'is', null);
    // Before the row lock: two edits that take the default from each other would deadlock.
    const agent = isDefault === true ? (await live.executeTakeFirst())?.agent : undefined;
    if (agent !== undefined) await giveUpDefault(transaction, agent);
    if ((await live.forUpdate().executeTakeFirst()) === undefined) throw new ModelDeleted();
    if (isDefault !== undefined || standsFor !== undefined) {
      await transaction
        .updateTable('models')
        .set({
          ...(isDefault !== undefined && { is_default: isDefault }),
          ...(standsFor !== undefined && { stands_for: standsFor }),
        })
        .where('id', '=', id)
        .execute();
    }
  });
}

export type EditProfile = { readonly model?: string | null; readonly parameters?: Parameters };

/**
 * Changes the given fields only. Sessions keep the values the profile had when they began. False when there is no such
 * live profile.
 */
export async function editProfile(
  db: Kysely<Schema>,
  id: ProfileId,
  { model, parameters }: EditProfile,
): Promise<boolean> {
  const edited = await db
    .updateTable('profiles')
    .set(({ ref }) => ({
      model: model === undefined ? ref('model') : model,
      ...(parameters !== undefined && { parameters: JSON.stringify(parameters) }),
    }))
    .where('id', '=', id)
    .where('deleted_at', 'is', null)
    .executeTakeFirst();
  return edited.numUpdatedRows > 0n;
}

const now = sql<Date>`clock_timestamp()`;

/** Soft-deletes a model: its sessions stay visible, marked “Model Not Found”. */
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

/**
 * Includes deleted rows, to distinguish “deleted” from “never existed”. The live row of a name comes last, so it wins.
 */
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
