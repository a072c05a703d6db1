import { type ApiKeyId, PhaselockError } from '@phaselock/core';
import * as store from '@phaselock/store';
import { answerInTime } from './answer-in-time.ts';
import type { GuardContext } from './context.ts';
import { newApiKeyId } from './new-ids.ts';
import { checkPage } from './page-limit.ts';

/** Of a key only its hash is kept: who made it shows it once. */
export const addApiKey = (ctx: GuardContext, key: Omit<store.NewApiKey, 'id'>): Promise<ApiKeyId> =>
  answerInTime(ctx, async () => {
    const id = newApiKeyId(ctx);
    await store.addApiKey(ctx.database.kysely, { id, ...key });
    return id;
  });

export const findApiKey = (ctx: GuardContext, prefix: string) =>
  answerInTime(ctx, () => store.findApiKey(ctx.database, prefix));

export const listApiKeys = (ctx: GuardContext, page: store.PageAfter<ApiKeyId>) =>
  answerInTime(ctx, () =>
    store.pageOf(
      checkPage(page),
      (asked) => store.listApiKeys(ctx.database.kysely, asked),
      ({ id }) => id,
    ),
  );

export const revokeApiKey = (ctx: GuardContext, id: ApiKeyId): Promise<void> =>
  answerInTime(ctx, async () => {
    if (!(await store.revokeApiKey(ctx.database.kysely, id))) throw new PhaselockError('api_key_not_found');
  });

export const touchApiKeys = (ctx: GuardContext, ids: readonly ApiKeyId[]): Promise<void> =>
  answerInTime(ctx, () => store.touchApiKeys(ctx.database.kysely, ids));
