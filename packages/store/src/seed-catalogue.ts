import type { Agent, ModelId } from '@phaselock/core';
import type { Kysely } from 'kysely';
import type { Schema } from './schema.ts';

/** Only into an empty catalogue: a model somebody deleted must not come back with the next start. */
export async function seedCatalogue(
  db: Kysely<Schema>,
  models: readonly { id: ModelId; agent: Agent; name: string }[],
): Promise<void> {
  const known = await db.selectFrom('models').select('id').limit(1).executeTakeFirst();
  if (known !== undefined || models.length === 0) return;
  await db
    .insertInto('models')
    .values([...models])
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}
