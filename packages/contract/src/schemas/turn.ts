import { PROCESS_ACTIONS, PROCESS_ENDINGS, PROCESS_STATUSES, TURN_REASONS } from '@phaselock/core';
import { z } from 'zod';
import { aGeneration, agentSessionId, anId, attemptId, generation } from './ids.ts';
import { modelIdentity, modelSelection } from './model.ts';
import { aSessionRef, confirmation, handoff, usage } from './session.ts';
import { instant } from './text.ts';

export const turnRequest = z
  .strictObject({
    generation,
    attemptId,
    model: modelSelection.exactOptional().meta({ description: 'Default: the model of the session' }),
    confirm: confirmation.exactOptional(),
    onModelChange: z.enum(['ask', 'replace']).exactOptional(),
    skipContext: z.boolean().exactOptional().meta({ description: 'Begin a fresh conversation' }),
    preRetryId: agentSessionId.exactOptional().meta({
      description:
        'The conversation to resume: a retry from an earlier step. A conversation of an earlier session of the slot continues in a new session',
    }),
    lostId: agentSessionId
      .exactOptional()
      .meta({ description: 'The id of which the agent reported that it knows no such conversation' }),
    handoff: handoff.exactOptional(),
  })
  .meta({ id: 'TurnRequest' });

export const turnAnswer = z
  .strictObject({
    outcome: z.literal('started'),
    session: aSessionRef.meta({ description: 'After a fresh start, this is not the requested session' }),
    processId: anId,
    seq: z
      .int()
      .min(1)
      .meta({ description: 'Increases within the session; with `processId`, the fencing token of this turn' }),
    action: z.enum(PROCESS_ACTIONS),
    passedSessionId: z
      .string()
      .nullable()
      .meta({ description: 'The conversation that the agent must resume; null begins a new one' }),
    reason: z.enum(TURN_REASONS),
    leaseExpiresAt: instant,
    replaced: aSessionRef.nullable(),
    handoff: z.string().nullable().meta({
      description: 'The summary of the replaced conversation; returned at the first turn of a session',
    }),
  })
  .meta({ id: 'TurnAnswer' });

export const fenced = z.strictObject({ generation }).meta({ id: 'Fenced' });

export const heartbeatAnswer = z
  .strictObject({
    outcome: z.enum(['continue', 'stop']),
    leaseExpiresAt: instant.nullable(),
    why: z
      .enum(['replaced', 'stale', 'not-running'])
      .nullable()
      .meta({ description: 'Why the runner must stop its agent' }),
    replacedBy: anId.nullable(),
  })
  .meta({ id: 'HeartbeatAnswer' });

export const finishRequest = z
  .strictObject({
    generation,
    ending: z.enum(PROCESS_ENDINGS),
    exitCode: z.int().min(-2_147_483_648).max(2_147_483_647).exactOptional(),
    agentSessionId: agentSessionId.exactOptional(),
    lostAgentSession: z.boolean().exactOptional(),
    usage: usage.exactOptional(),
  })
  .meta({ id: 'FinishRequest' });

export const finishAnswer = z
  .strictObject({
    outcome: z.literal('finished'),
    replaced: z
      .boolean()
      .meta({ description: 'The session had been replaced: this call reports that its runner has stopped' }),
    version: z.int().min(1),
  })
  .meta({ id: 'FinishAnswer' });

export const agentSessionRequest = z.strictObject({ generation, agentSessionId }).meta({ id: 'AgentSessionRequest' });

export const process = z
  .strictObject({
    id: anId,
    attemptId: anId,
    sessionId: anId,
    seq: z.int().min(1),
    action: z.enum(PROCESS_ACTIONS),
    reason: z.enum(TURN_REASONS),
    passedSessionId: z.string().nullable(),
    preRetryId: z.string().nullable(),
    skipContext: z.boolean(),
    agentSessionId: z.string().nullable(),
    invalidated: z.boolean(),
    dropped: z.boolean(),
    model: modelIdentity,
    generation: aGeneration,
    status: z.enum(PROCESS_STATUSES),
    exitCode: z.int().nullable(),
    usage,
    startedAt: instant,
    endedAt: instant.nullable(),
  })
  .meta({ id: 'Process' });
