import { makeApiKey } from '@phaselock/access';
import { ROUTES } from '@phaselock/contract';
import { PhaselockError, parseApiKeyId } from '@phaselock/core';
import { openSecret, sealSecret } from '../access/seal-secret.ts';
import { answerPage } from '../server/answer-page.ts';
import { created, NO_CONTENT, ok } from '../server/answers.ts';
import { handle } from '../server/handle.ts';
import { etagOf } from '../server/read-headers.ts';
import { apiKeyView, flagChangeView, flagView, rolloutView } from '../views/admin-view.ts';
import type { ApiContext } from './api-context.ts';
import { bigNumberPlace, placeOf } from './place.ts';

export const adminHandlers = ({ guard, keys, flags }: ApiContext) => ({
  createApiKey: handle(ROUTES.createApiKey, async ({ body, idempotencyKey, request }) => {
    const { key, prefix, secretSha256 } = makeApiKey();
    const { name, scopes, projectId = null } = body;
    const credential = request.headers.authorization ?? null;
    const { id, made } = await guard.addApiKey(
      { prefix, secretSha256, name, scopes: [...new Set(scopes)], projectId },
      {
        ...(idempotencyKey && { idempotencyKey }),
        ...(idempotencyKey && credential !== null && { sealed: sealSecret(credential, key) }),
      },
    );
    const shown = made === 'now' ? key : openSecret(credential, made.sealed);
    if (shown === undefined)
      throw new PhaselockError('already_exists', {
        detail: `key ${id} was made with this Idempotency-Key by another credential; only that credential can get the key again`,
      });
    return created({ id, key: shown }, `/v1/admin/api-keys/${id}`);
  }),

  listApiKeys: handle(ROUTES.listApiKeys, async ({ query }) => {
    const { limit, cursor } = query;
    const page = await guard.listApiKeys({ limit, ...placeOf(cursor, parseApiKeyId) });
    return answerPage(page, apiKeyView, ({ id }) => id);
  }),

  revokeApiKey: handle(ROUTES.revokeApiKey, async ({ params }) => {
    const id = parseApiKeyId(params.apiKeyId);
    if (id === undefined) throw new PhaselockError('api_key_not_found');
    await guard.revokeApiKey(id);
    keys.forget();
    return NO_CONTENT;
  }),

  listFlags: handle(ROUTES.listFlags, async () =>
    ok({ items: (await guard.answerInTime(() => flags.list())).map(flagView) }),
  ),

  setFlag: handle(ROUTES.setFlag, async ({ params, body, ifMatch, caller }) => {
    const actor = caller.name;
    const flag = await guard.answerInTime(async () => {
      const { enabled, why = 'switched off', ...rest } = body;
      // Switches the flag off first, because the other changes may have to wait for a lock.
      const killed = enabled || ifMatch !== undefined ? undefined : await flags.kill({ name: params.name, actor, why });
      if (killed !== undefined && Object.keys(rest).length === 0) return killed;
      return await flags.set({
        ...params,
        ...body,
        actor,
        // Enabling a flag releases its kills.
        ...(enabled && { releaseKills: true }),
        ...(ifMatch !== undefined && { seenVersion: ifMatch }),
      });
    });
    return ok(flagView(flag), { ETag: etagOf(flag.version) });
  }),

  killFlag: handle(ROUTES.killFlag, async ({ params, body, caller }) =>
    ok(flagView(await guard.answerInTime(() => flags.kill({ ...params, ...body, actor: caller.name })))),
  ),

  listFlagChanges: handle(ROUTES.listFlagChanges, async ({ params, query }) => {
    const { limit, cursor } = query;
    const page = await guard.answerInTime(() =>
      flags.changes(params.name, { limit, ...placeOf(cursor, bigNumberPlace) }),
    );
    return answerPage(page, flagChangeView, ({ id }) => id);
  }),

  listRollouts: handle(ROUTES.listRollouts, async () => ok({ items: (await guard.readRollouts()).map(rolloutView) })),
});
