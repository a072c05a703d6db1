import {
  parseAgentSessionId,
  parseAttemptId,
  parseGeneration,
  parseModelId,
  parseProcessId,
  parseProfileId,
  parseProjectId,
  parseSessionId,
  parseTaskId,
} from '@phaselock/core';
import { z } from 'zod';

const UUID = /^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$/;

/** An id in a request, parsed to the branded type of its resource, so that a task id cannot be used as a session id. */
const asked = <Id>(parse: (value: string) => Id | undefined, what: string) =>
  z
    .string()
    .regex(UUID, 'must be a UUID')
    .meta({ format: 'uuid', description: `Id of ${what}` })
    .transform((value, context): Id => {
      const id = parse(value);
      if (id !== undefined) return id;
      context.issues.push({ code: 'custom', message: 'must be a UUID', input: value });
      return z.NEVER;
    });

export const projectId = asked(parseProjectId, 'a project');
export const taskId = asked(parseTaskId, 'a task');
export const attemptId = asked(parseAttemptId, 'an attempt');
export const sessionId = asked(parseSessionId, 'a session');
export const processId = asked(parseProcessId, 'a process');
export const modelId = asked(parseModelId, 'a model');
export const profileId = asked(parseProfileId, 'a profile');

export const apiKeyId = z
  .string()
  .regex(UUID, 'must be a UUID')
  .toLowerCase()
  .meta({ format: 'uuid', description: 'Id of an API key' });

// biome-ignore lint/suspicious/noControlCharactersInRegex: the pattern must exclude control characters
const AGENT_SESSION_ID = /^(?![-\s])[^\u0000-\u001f\u007f]*(?<!\s)$/;

export const agentSessionId = z
  .string()
  .min(1)
  .max(200)
  .regex(AGENT_SESSION_ID, 'must not begin with a dash or a space, end with a space, or hold control characters')
  .meta({ description: "The agent's own id of a conversation" })
  .transform((value, context) => {
    const id = parseAgentSessionId(value);
    if (id !== undefined) return id;
    const message = 'must not begin with a dash or a space, end with a space, or hold control characters';
    context.issues.push({ code: 'custom', message, input: value });
    return z.NEVER;
  });

export const generation = z
  .int()
  .min(0)
  .meta({ description: 'The fencing token of the session; 0 for a session outside the guard' })
  .transform((value, context) => {
    const parsed = parseGeneration(value);
    if (parsed !== undefined) return parsed;
    context.issues.push({ code: 'custom', message: 'must be a whole number from 0', input: value });
    return z.NEVER;
  });

/** An id in an answer. */
export const anId = z.string().meta({ format: 'uuid' });
export const aGeneration = z.int().min(0);
