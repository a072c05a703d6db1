import { z } from 'zod';
import { anId, projectId, taskId } from './ids.ts';
import { agent, modelName, parameters, variant } from './model.ts';
import { instant, text, title } from './text.ts';

const unlistedModels = z.enum(['accepted', 'refused']).meta({
  description:
    'Model names that are not in the catalogue: `accepted` where others of their family are listed, or `refused`',
});

export const projectRequest = z
  .strictObject({ name: title(200), unlistedModels: unlistedModels.exactOptional() })
  .meta({ id: 'ProjectRequest', example: { name: 'Shop' } });
export const projectEdit = z
  .strictObject({ name: title(200).exactOptional(), unlistedModels: unlistedModels.exactOptional() })
  .meta({ id: 'ProjectEdit', description: 'What is left out stays' });
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
      .meta({ description: 'What the agent runs when no model is named; taken over from the one that has it' }),
    standsFor: modelName
      .exactOptional()
      .meta({ description: 'For a moving name such as `sonnet`: the model it means today' }),
  })
  .meta({ id: 'ModelRequest', example: { agent: 'claude-code', name: 'claude-sonnet-4-5' } });
export const modelEdit = z
  .strictObject({
    isDefault: z.boolean().exactOptional().meta({ description: '`true` takes it over from the one that has it' }),
    standsFor: modelName
      .nullable()
      .exactOptional()
      .meta({ description: 'Moves the alias; sessions keep what it stood for when they began' }),
  })
  .meta({ id: 'ModelEdit', description: 'What is left out stays' });
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
    description: 'What is left out stays. Sessions keep what the profile meant when they began',
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

/** What a creation answers: the new thing's id, the same again for a repeated Idempotency-Key. */
export const created = z.strictObject({ id: anId }).meta({ id: 'Created' });
