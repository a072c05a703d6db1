import { AGENTS, type ParameterValue, parseAgent } from '@phaselock/core';
import { z } from 'zod';
import { text, title } from './text.ts';

export const agent = z
  .string()
  .min(1)
  .max(40)
  .meta({ enum: Object.keys(AGENTS), description: 'The coding agent; `ClaudeCode` and `CLAUDE_CODE` are accepted too' })
  .transform((value, context) => {
    const parsed = parseAgent(value);
    if (parsed !== undefined) return parsed;
    context.issues.push({ code: 'custom', message: `must be one of ${Object.keys(AGENTS).join(', ')}`, input: value });
    return z.NEVER;
  });

const PARAMETER_LIMIT = 20_000;
const PARAMETERS_LIMIT = 64;

const parameterValue = z.union([text(PARAMETER_LIMIT), z.number(), z.boolean(), z.null()]);

export const parameters = z
  .record(title(100), parameterValue)
  .refine((value) => Object.keys(value).length <= PARAMETERS_LIMIT, `at most ${PARAMETERS_LIMIT} parameters`)
  .meta({ description: 'Reasoning effort, thinking budget, temperature, …', maxProperties: PARAMETERS_LIMIT });

export const modelName = title(200).meta({ example: 'claude-sonnet-4-5' });
export const variant = title(200);

/** The model that a caller requests; explicit values override the profile. */
export const modelSelection = z
  .strictObject({
    agent,
    variant: variant.nullable().exactOptional().meta({ description: 'A profile: a model with its parameters' }),
    model: modelName
      .nullable()
      .exactOptional()
      .meta({ description: "Default: that of the profile, else the agent's own default" }),
    parameters: parameters.exactOptional(),
  })
  .meta({ id: 'ModelSelection', example: { agent: 'claude-code', model: 'claude-sonnet-4-5' } });

/** The model as it was resolved when the session was created. */
export const modelIdentity = z
  .strictObject({
    agent: z.string(),
    variant: z.string().nullable(),
    model: z.string().nullable().meta({ description: "As it was requested. Null is the agent's own default" }),
    resolvedModel: z.string().nullable().meta({
      description:
        'The model that name stood for when the session or process began; later alias changes do not affect it',
    }),
    parameters: z.record(z.string(), z.custom<ParameterValue>()),
  })
  .meta({ id: 'ModelIdentity' });

export const comparisonReason = z.looseObject({ field: z.string() }).meta({
  id: 'ComparisonReason',
  description: 'One difference between the model of the live session and the requested model',
});
