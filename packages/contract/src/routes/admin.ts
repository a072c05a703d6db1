import { z } from 'zod';
import { route } from '../route.ts';
import {
  apiKey,
  apiKeyRequest,
  flag,
  flagChange,
  flagName,
  flagRequest,
  killRequest,
  madeApiKey,
  rollout,
} from '../schemas/admin.ts';
import { apiKeyId } from '../schemas/ids.ts';
import { cursor, limit, pageOf } from '../schemas/page.ts';

const group = 'Administration';
const scope = 'admin';

export const createApiKey = route({
  id: 'createApiKey',
  method: 'post',
  path: '/v1/admin/api-keys',
  group,
  summary: 'Make an API key',
  description:
    'The key is shown this once; only its hash is kept. Repeated with the same Idempotency-Key by the same key it is shown again.',
  scope,
  body: apiKeyRequest,
  takesIdempotencyKey: true,
  answers: {
    201: { description: 'The key', schema: madeApiKey, headers: { Location: 'Address of the key, to revoke it' } },
  },
  errors: ['project_not_found', 'already_exists', 'idempotency_key_reused'],
});

export const listApiKeys = route({
  id: 'listApiKeys',
  method: 'get',
  path: '/v1/admin/api-keys',
  group,
  summary: 'List API keys, newest first',
  scope,
  query: z.strictObject({ limit, cursor: cursor.exactOptional() }),
  answers: {
    200: { description: 'A page, without secrets', schema: pageOf(apiKey, 'API keys').meta({ id: 'ApiKeyPage' }) },
  },
  errors: [],
});

export const revokeApiKey = route({
  id: 'revokeApiKey',
  method: 'delete',
  path: '/v1/admin/api-keys/{apiKeyId}',
  group,
  summary: 'Revoke an API key',
  description:
    'Other replicas may take it for five seconds more. The last valid key of all projects with the scope `admin` is not revoked, by no caller.',
  scope,
  params: z.strictObject({ apiKeyId }),
  answers: { 204: { description: 'It is revoked' } },
  errors: ['api_key_not_found', 'last_admin_key'],
});

export const listFlags = route({
  id: 'listFlags',
  method: 'get',
  path: '/v1/admin/flags',
  group,
  summary: 'The flags as they stand',
  description:
    '`single_session_guard` is the single-session rule: off, sessions are created beside each other as before.',
  neverShed: true,
  scope,
  answers: {
    200: { description: 'All of them', schema: z.strictObject({ items: z.array(flag) }).meta({ id: 'FlagList' }) },
  },
  errors: [],
});

export const setFlag = route({
  id: 'setFlag',
  method: 'put',
  path: '/v1/admin/flags/{name}',
  group,
  summary: 'Set a flag',
  description:
    'Every process follows within two seconds, this one at once, also while it is overloaded. Off without If-Match is a kill: no other change, and no lock of a row, delays it, and nothing but a later `enabled: true` ends it. `locking_strategy`, while it is on with the value `pessimistic`, `optimistic` or `redis`, decides how slots are locked; else `pessimistic_locking_enabled` does: on pessimistic, off optimistic.',
  scope,
  neverShed: true,
  params: z.strictObject({ name: flagName }),
  body: flagRequest,
  takesIfMatch: true,
  answers: { 200: { description: 'The flag', schema: flag, headers: { ETag: 'Its version, for If-Match' } } },
  errors: ['flag_not_found', 'version_mismatch'],
});

export const killFlag = route({
  id: 'killFlag',
  method: 'post',
  path: '/v1/admin/flags/{name}/kill',
  group,
  summary: 'Switch a flag off for everybody, at once',
  description:
    'The kill switch. It is neither limited nor refused because of load, and no lock of a row delays it. Every process follows within two seconds. It never ends by itself: enabling the flag does.',
  scope,
  neverShed: true,
  params: z.strictObject({ name: flagName }),
  body: killRequest,
  answers: { 200: { description: 'The flag, off', schema: flag } },
  errors: ['flag_not_found'],
});

export const listFlagChanges = route({
  id: 'listFlagChanges',
  method: 'get',
  path: '/v1/admin/flags/{name}/changes',
  group,
  summary: 'The history of a flag, newest first',
  description:
    'Who changed it, when, from what, to what, and why. The database refuses to change what is written there.',
  scope,
  params: z.strictObject({ name: flagName }),
  query: z.strictObject({ limit, cursor: cursor.exactOptional() }),
  answers: {
    200: { description: 'A page', schema: pageOf(flagChange, 'Changes of a flag').meta({ id: 'FlagChangePage' }) },
  },
  errors: [],
});

export const listRollouts = route({
  id: 'listRollouts',
  method: 'get',
  path: '/v1/admin/rollouts',
  group,
  summary: 'Where each rollout stands',
  scope,
  answers: {
    200: {
      description: 'All of them',
      schema: z.strictObject({ items: z.array(rollout) }).meta({ id: 'RolloutList' }),
    },
  },
  errors: [],
});
