import { z } from 'zod';
import { anId, projectId, taskId } from './ids.ts';
import { agent, modelName, parameters, variant } from './model.ts';
import { instant, text, title } from './text.ts';

const unlistedModels = z.enum(['accepted', 'refused']).meta({
  description:
    'Model names that are not in the catalogue: `accepted` if other models of their family are listed, or `refused`',
});

export const projectRequest = z
  .strictObject({ name: title(200), unlistedModels: unlistedModels.exactOptional() })
  .meta({ id: 'ProjectRequest', example: { name: 'Shop' } });
export const projectEdit = z
  .strictObject({ name: title(200).exactOptional(), unlistedModels: unlistedModels.exactOptional() })
  .meta({ id: 'ProjectEdit', description: 'Omitted fields stay unchanged' });
export const project = z
  .strictObject({ id: anId, name: z.string(), unlistedModels, createdAt: instant })
  .meta({ id: 'Project' });

export const taskRequest = z.strictObject({ projectId, title: title(500) }).meta({ id: 'TaskRequest' });
export const task = z
  .strictObject({ id: anId, projectId: anId, title: z.string(), createdAt: instant })
  .meta({ id: 'Task' });

export const attemptRequest = z
  .strictObject({ taskId, branch: text(500).exactOptional(), worktree: text(1_000).exactOptional() })
  .meta({ id: 'AttemptRequest' });
export const attempt = z
  .strictObject({
    id: anId,
    taskId: anId,
    branch: z.string().nullable(),
    worktree: z.string().nullable(),
    createdAt: instant,
  })
  .meta({ id: 'Attempt' });

export const modelRequest = z
  .strictObject({
    agent,
    name: modelName,
    isDefault: z
      .boolean()
      .exactOptional()
      .meta({ description: 'The model the agent runs if no model is named; replaces the current default' }),
    standsFor: modelName.exactOptional().meta({ description: 'For an alias such as `sonnet`: its current target' }),
  })
  .meta({ id: 'ModelRequest', example: { agent: 'claude-code', name: 'claude-sonnet-4-5' } });
export const modelEdit = z
  .strictObject({
    isDefault: z.boolean().exactOptional().meta({ description: '`true` replaces the current default' }),
    standsFor: modelName
      .nullable()
      .exactOptional()
      .meta({ description: 'Changes the target of the alias; sessions keep the target of when they began' }),
  })
  .meta({ id: 'ModelEdit', description: 'Omitted fields stay unchanged' });
export const model = z
  .strictObject({
    id: anId,
    agent: z.string(),
    name: z.string(),
    isDefault: z.boolean(),
    standsFor: z.string().nullable(),
    createdAt: instant,
    deletedAt: instant.nullable(),
  })
  .meta({ id: 'Model' });

export const profileRequest = z
  .strictObject({ agent, variant, model: modelName.exactOptional(), parameters: parameters.exactOptional() })
  .meta({ id: 'ProfileRequest' });
export const profileEdit = z
  .strictObject({ model: modelName.nullable().exactOptional(), parameters: parameters.exactOptional() })
  .meta({
    id: 'ProfileEdit',
    description: 'Omitted fields stay unchanged. Sessions keep the model and parameters of when they began',
  });
export const profile = z
  .strictObject({
    id: anId,
    agent: z.string(),
    variant: z.string(),
    model: z.string().nullable(),
    parameters: z.record(z.string(), z.unknown()),
    createdAt: instant,
    deletedAt: instant.nullable(),
  })
  .meta({ id: 'Profile' });

/** The answer to a creation: the id of the new resource. A repeated Idempotency-Key returns the same id. */
export const created = z.strictObject({ id: anId }).meta({ id: 'Created' });
