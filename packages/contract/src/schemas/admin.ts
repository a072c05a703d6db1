import { z } from 'zod';
import { SCOPES } from '../scopes.ts';
import { anId, projectId } from './ids.ts';
import { instant, title } from './text.ts';

export const apiKeyRequest = z
  .strictObject({
    name: title(100),
    scopes: z.array(z.enum(SCOPES)).min(1).max(SCOPES.length),
    projectId: projectId.exactOptional().meta({ description: 'Default: all projects' }),
  })
  .meta({ id: 'ApiKeyRequest' });

export const apiKey = z
  .strictObject({
    id: anId,
    prefix: z.string(),
    name: z.string(),
    scopes: z.array(z.string()),
    projectId: anId.nullable(),
    createdAt: instant,
    lastUsedAt: instant.nullable(),
    revokedAt: instant.nullable(),
  })
  .meta({ id: 'ApiKey' });

export const madeApiKey = z
  .strictObject({ id: anId, key: z.string().meta({ description: 'Returned only in this answer' }) })
  .meta({ id: 'MadeApiKey' });

export const flag = z
  .strictObject({
    name: z.string(),
    enabled: z.boolean().meta({ description: 'Also false while the flag is killed' }),
    killed: z.boolean().meta({ description: 'Switched off for all users until it is enabled again' }),
    percent: z
      .number()
      .meta({ description: 'Share of its subjects (users, or tasks for the locking flags) while it is enabled' }),
    value: z.unknown(),
    version: z.int().min(1),
    updatedAt: instant,
    updatedBy: z.string().nullable(),
  })
  .meta({ id: 'Flag' });

const why = title(1_000).meta({ description: 'Recorded in the history of the flag' });

export const flagRequest = z
  .strictObject({
    enabled: z.boolean(),
    value: z.union([title(100), z.null()]).exactOptional(),
    percent: z
      .number()
      .min(0)
      .max(100)
      .exactOptional()
      .meta({ description: 'Share of its subjects, with up to two decimals. Default: unchanged' }),
    why: why.exactOptional(),
  })
  .meta({ id: 'FlagRequest' });

export const killRequest = z.strictObject({ why }).meta({ id: 'KillRequest' });

export const flagChange = z
  .strictObject({
    id: z.int(),
    flag: z.string(),
    version: z.int().nullable().meta({ description: 'Flag version after the change; null for a kill and its release' }),
    at: instant,
    actor: z.string(),
    why: z.string().nullable(),
    from: z.record(z.string(), z.unknown()),
    to: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'FlagChange' });

export const flagName = z
  .string()
  .min(1)
  .max(100)
  .regex(/^[a-z0-9_]+$/);

export const rollout = z
  .strictObject({
    flag: z.string(),
    stage: z.int().min(0).max(4),
    percent: z.number(),
    state: z.string().meta({ description: '`idle`, `baking`, `holding`, `paused`, `done` or `aborted`' }),
    bakingSince: instant.nullable(),
    updatedAt: instant,
    campaign: z.int().min(0).meta({ description: 'Number of the campaign of this flag; 0 before the first' }),
    killed: z.boolean().meta({ description: 'Off for all users, regardless of `state`' }),
    expectedInstances: z.int().min(1).nullable(),
  })
  .meta({ id: 'Rollout' });
