import { keepIdempotentResponses, readIdempotentResponses } from '@phaselock/store';
import type { BulkOutcome } from './bulk.ts';
import type { GuardContext } from './context.ts';
import { checkStored, existingRow, type IdempotencyKey, keyRow, retell, storedAnswer } from './idempotency.ts';

/** The key of each item, and what became of it in an earlier call with the same key. */
export type ItemKeys = readonly { readonly key?: IdempotencyKey; readonly outcome?: BulkOutcome }[];

/**
 * Binds the key of a bulk call to its request before anything is done, so that the same key with another request is refused as a whole. What
 * each item does is kept under a key of the item, in the transaction of its effect.
 */
export async function bindBulkKey(
  ctx: GuardContext,
  key: IdempotencyKey | undefined,
  count: number,
): Promise<ItemKeys> {
  if (key === undefined) return [];
  const isNew = (await keepIdempotentResponses(ctx.database, [{ ...keyRow(key), response: {} }])).length > 0;
  const items = Array.from({ length: count }, (_, index) => ({ key: { ...key, key: `${key.key} item ${index}` } }));
  if (isNew) return items;
  await storedAnswer(ctx, key, ctx.database);
  const names = items.map(({ key: { key: name } }) => name);
  const found = await readIdempotentResponses(ctx.database, key.scope, names);
  return await Promise.all(
    items.map(async (item) => {
      const stored = found.get(item.key.key);
      const outcome = stored === undefined ? undefined : await retell(ctx, checkStored(ctx, item.key, stored));
      return outcome === undefined ? item : { ...item, outcome };
    }),
  );
}

/** Items that found their session there wrote nothing, and are told the same again. */
export async function keepExisting(ctx: GuardContext, keys: ItemKeys, outcomes: readonly BulkOutcome[]): Promise<void> {
  const rows = outcomes.flatMap((outcome, index) => {
    const { key, outcome: before } = keys[index] ?? {};
    if (key === undefined || before !== undefined || outcome.kind !== 'existing') return [];
    return [existingRow(key, outcome.session.id, outcome.session.status)];
  });
  await keepIdempotentResponses(ctx.database, rows);
}
