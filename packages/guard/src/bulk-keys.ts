import { keepIdempotentResponses, readIdempotentResponses } from '@phaselock/store';
import type { BulkOutcome } from './bulk-items.ts';
import type { GuardContext } from './context.ts';
import { checkStored, existingRow, type IdempotencyKey, keyRow, retell, storedAnswer } from './idempotency.ts';

/** The idempotency key of each item, and the outcome of the item in an earlier call with the same key. */
export type ItemKeys = readonly { readonly key?: IdempotencyKey; readonly outcome?: BulkOutcome }[];

/**
 * Binds the idempotency key of a bulk call to its request before anything is written, so that a call with the same key
 * and another request is refused as a whole. The outcome of each item is stored under a key of its own, in the
 * transaction of its effect.
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

/** Outcomes whose transaction has already written the key of the item. */
const WROTE_ITS_KEY: ReadonlySet<BulkOutcome['kind']> = new Set(['created', 'created-beside', 'replaced']);

/**
 * Stores the key of each item that found an existing session: the item wrote nothing else, but a repeated call must get
 * the same answer. If a concurrent call with the same key was faster, the outcome of that call is returned instead.
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
