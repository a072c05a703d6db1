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
  summary: 'Create an API key',
  description:
    'The key is returned only in this answer; only its hash is stored. If the same caller repeats the call with the same Idempotency-Key, the key is returned again.',
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
    'Other replicas may accept the key for up to five more seconds. The last valid key for all projects with the scope `admin` cannot be revoked by any caller.',
  scope,
  params: z.strictObject({ apiKeyId }),
  answers: { 204: { description: 'The key is revoked' } },
  errors: ['api_key_not_found', 'last_admin_key'],
});

export const listFlags = route({
  id: 'listFlags',
  method: 'get',
  path: '/v1/admin/flags',
  group,
  summary: 'List the flags with their current state',
  description:
    '`single_session_guard` enables the single-session rule. While it is off, sessions are created beside each other.',
  neverShed: true,
  scope,
  answers: {
    200: { description: 'All flags', schema: z.strictObject({ items: z.array(flag) }).meta({ id: 'FlagList' }) },
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
    'Every process applies the change within two seconds, this one at once, even while it is overloaded. `enabled: false` without If-Match is a kill: no other change and no row lock delays it, and only a later `enabled: true` ends it. While `locking_strategy` is on with the value `pessimistic`, `optimistic` or `redis`, it decides how slots are locked. Otherwise `pessimistic_locking_enabled` decides: pessimistic if on, optimistic if off.',
  scope,
  neverShed: true,
  params: z.strictObject({ name: flagName }),
  body: flagRequest,
  takesIfMatch: true,
  answers: { 200: { description: 'The flag', schema: flag, headers: { ETag: 'The version, for If-Match' } } },
  errors: ['flag_not_found', 'version_mismatch'],
});

export const killFlag = route({
  id: 'killFlag',
  method: 'post',
  path: '/v1/admin/flags/{name}/kill',
  group,
  summary: 'Switch a flag off for all users immediately',
  description:
    'The kill switch. It is exempt from rate limits and load shedding, and no row lock delays it. Every process applies it within two seconds. It lasts until the flag is enabled again.',
  scope,
  neverShed: true,
  params: z.strictObject({ name: flagName }),
  body: killRequest,
  answers: { 200: { description: 'The flag, switched off', schema: flag } },
  errors: ['flag_not_found'],
});

export const listFlagChanges = route({
  id: 'listFlagChanges',
  method: 'get',
  path: '/v1/admin/flags/{name}/changes',
  group,
  summary: 'The history of a flag, newest first',
  description:
    'Who changed the flag, when, from which state to which, and why. The database refuses to change these entries.',
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
  summary: 'List the state of each rollout',
  scope,
  answers: {
    200: {
      description: 'All rollouts',
      schema: z.strictObject({ items: z.array(rollout) }).meta({ id: 'RolloutList' }),
    },
  },
  errors: [],
});
