import { type ApiKeyId, PhaselockError, parseApiKeyId } from '@phaselock/core';
import * as store from '@phaselock/store';
import { answerInTime } from './answer-in-time.ts';
import type { GuardContext } from './context.ts';
import { doOnce, type IdempotencyKey, parsed } from './idempotency.ts';
import { newApiKeyId } from './new-ids.ts';
import { checkPage } from './page-limit.ts';

type Once = {
  readonly idempotencyKey?: IdempotencyKey;
  /**
   * The secret, encrypted with the credential of the caller. It is stored with the Idempotency-Key, so that a repeated
   * call can return it.
   */
  readonly sealed?: string;
};

export type MadeApiKey = { readonly id: ApiKeyId; readonly made: 'now' | { readonly sealed: string | null } };

/** Stores only the hash of the key; the caller of this function shows the key itself once. */
export const addApiKey = (
  ctx: GuardContext,
  key: Omit<store.NewApiKey, 'id'>,
  { idempotencyKey, sealed }: Once = {},
): Promise<MadeApiKey> =>
  answerInTime(ctx, async () => {
    const id = newApiKeyId(ctx);
    return await doOnce<MadeApiKey>(ctx, idempotencyKey, {
      response: { id, sealed: sealed ?? null },
      write: async (db) => {
        await store.addApiKey(db, { id, ...key });
        return { id, made: 'now' };
      },
      retell: (stored) => {
        const kept: unknown = Reflect.get(stored, 'sealed');
        return { id: parsed(stored, 'id', parseApiKeyId), made: { sealed: typeof kept === 'string' ? kept : null } };
      },
    });
  });

/** Runs outside any caller's deadline, because concurrent requests with the same key share one look-up. */
export const findApiKey = (ctx: GuardContext, prefix: string) =>
  ctx.time.detached(() => answerInTime(ctx, () => store.findApiKey(ctx.database, prefix)));

export const listApiKeys = (ctx: GuardContext, page: store.PageAfter<ApiKeyId>) =>
  answerInTime(ctx, () =>
    store.pageOf(
      checkPage(page),
      (asked) => store.listApiKeys(ctx.database.kysely, asked),
      ({ id }) => id,
    ),
  );

export const revokeApiKey = (
  ctx: GuardContext,
  id: ApiKeyId,
  { evenLast = false }: { readonly evenLast?: boolean } = {},
): Promise<void> =>
  answerInTime(ctx, async () => {
    const outcome = await store.revokeApiKey(ctx.database.kysely, id, { evenLast });
    switch (outcome) {
      case 'revoked':
        return;
      case 'last-admin':
        throw new PhaselockError('last_admin_key');
      case 'not-found':
        throw new PhaselockError('api_key_not_found');
    }
  });

export const touchApiKeys = (ctx: GuardContext, ids: readonly ApiKeyId[]): Promise<void> =>
  answerInTime(ctx, () => store.touchApiKeys(ctx.database.kysely, ids));
