import type { Agent, ModelId } from '@phaselock/core';
import type { Kysely } from 'kysely';
import type { Schema } from './schema.ts';

export type SeededModel = {
  readonly id: ModelId;
  readonly agent: Agent;
  readonly name: string;
  readonly standsFor: string | null;
  readonly isDefault: boolean;
};

/**
 * Inserts the models of the release into an unedited catalogue: an empty one, or one with unchanged models of an
 * earlier release only. An edited catalogue is left alone, so that a deleted model does not return with the next start.
 */
export async function seedCatalogue(
  db: Kysely<Schema>,
  models: readonly SeededModel[],
  earlier: readonly { readonly agent: Agent; readonly name: string }[],
): Promise<void> {
  const present = await db
    .selectFrom('models')
    .select(['agent', 'name', 'deleted_at', 'is_default', 'stands_for'])
    .execute();
  const untouched = present.every(
    (row) =>
      row.deleted_at === null &&
      !row.is_default &&
      row.stands_for === null &&
      earlier.some(({ agent, name }) => agent === row.agent && name === row.name),
  );
  if (!untouched || models.length === 0) return;
  await db
    .insertInto('models')
    .values(
      models.map(({ id, agent, name, standsFor, isDefault }) => ({
        id,
        agent,
        name,
        stands_for: standsFor,
        is_default: isDefault,
      })),
    )
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}
