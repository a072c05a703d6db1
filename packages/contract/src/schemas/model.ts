import { AGENTS, type ParameterValue, parseAgent } from '@phaselock/core';
import { z } from 'zod';
import { text, title } from './text.ts';

export const agent = z
  .string()
  .min(1)
  .max(40)
  .meta({ enum: Object.keys(AGENTS), description: 'The coding agent; `ClaudeCode` and `CLAUDE_CODE` are read as well' })
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

/** What a caller asks for; explicit beats the profile. */
export const modelSelection = z
  .strictObject({
    agent,
    variant: variant.nullable().exactOptional().meta({ description: 'A profile; it names a model and its parameters' }),
    model: modelName
      .nullable()
      .exactOptional()
      .meta({ description: "Left out: the profile's, else the agent's own default" }),
    parameters: parameters.exactOptional(),
  })
  .meta({ id: 'ModelSelection', example: { agent: 'claude-code', model: 'claude-sonnet-4-5' } });

/** As it was resolved when the session was made. */
export const modelIdentity = z
  .strictObject({
    agent: z.string(),
    variant: z.string().nullable(),
    model: z.string().nullable().meta({ description: "As it was asked for. Null is the agent's own default" }),
    resolvedModel: z.string().nullable().meta({
      description: 'What that name stood for when the session or the process began; it stays when an alias moves',
    }),
    parameters: z.record(z.string(), z.custom<ParameterValue>()),
  })
  .meta({ id: 'ModelIdentity' });

export const comparisonReason = z.looseObject({ field: z.string() }).meta({
  id: 'ComparisonReason',
  description: 'One difference between the model of the live session and the one asked for',
});
