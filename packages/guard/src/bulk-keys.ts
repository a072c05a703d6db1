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

/** What these did was written together with their key. */
const WROTE_ITS_KEY: ReadonlySet<BulkOutcome['kind']> = new Set(['created', 'created-beside', 'replaced']);

/**
 * Items that found their session there wrote nothing but are told the same again, so that is kept. Where a call with the same key that ran at the
 * same time was faster, what it did is told instead.
 */
export async function settleWithKeys(
  ctx: GuardContext,
  keys: ItemKeys,
  outcomes: readonly BulkOutcome[],
): Promise<BulkOutcome[]> {
  const unsettled = outcomes.flatMap((outcome, index) => {
    const { key, outcome: before } = keys[index] ?? {};
    return key === undefined || before !== undefined || WROTE_ITS_KEY.has(outcome.kind)
      ? []
      : [{ key, outcome, index }];
  });
  const [first] = unsettled;
  if (first === undefined) return [...outcomes];
  const rows = unsettled.flatMap(({ key, outcome }) =>
    outcome.kind === 'existing' ? [existingRow(key, outcome.session.id, outcome.session.status)] : [],
  );
  const ours = new Set(await keepIdempotentResponses(ctx.database, rows));
  const names = unsettled.map(({ key }) => key.key).filter((name) => !ours.has(name));
  const found = await readIdempotentResponses(ctx.database, first.key.scope, names);
  const settled = [...outcomes];
  for (const { key, index } of unsettled) {
    const stored = found.get(key.key);
    const told = stored === undefined ? undefined : await retell(ctx, checkStored(ctx, key, stored));
    if (told !== undefined) settled[index] = told;
  }
  return settled;
}
