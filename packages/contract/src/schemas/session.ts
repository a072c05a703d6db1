import { DELETION_REASONS, HANDOFF_LIMIT, MODES, PHASES, SESSION_STATUSES } from '@phaselock/core';
import { z } from 'zod';
import { aGeneration, anId, generation, sessionId, taskId } from './ids.ts';
import { comparisonReason, modelIdentity, modelSelection } from './model.ts';
import { mode, namedPhase } from './slot.ts';
import { instant, text, title } from './text.ts';

const slotFields = { taskId: anId, phase: z.enum(PHASES), mode: z.enum(MODES) };

const modelFields = {
  model: modelIdentity,
  modelMissing: z.boolean().meta({ description: 'Its model or profile was deleted' }),
  modelNotice: z
    .string()
    .nullable()
    .meta({ description: '"Model Not Found" if it was deleted; another text if it is not in the catalogue' }),
};

export const usage = z
  .strictObject({
    inputTokens: z.int().min(0),
    outputTokens: z.int().min(0),
    turns: z.int().min(0),
    costUsdMicros: z.int().min(0),
  })
  .meta({ id: 'Usage', description: 'Totals so far' });

const status = z.enum(SESSION_STATUSES);

/** The session as a start returns it: the fields needed to run a turn. */
export const sessionBrief = z
  .strictObject({ id: anId, generation: aGeneration, ...slotFields, ...modelFields, status })
  .meta({ id: 'SessionBrief' });

export const liveSession = z
  .strictObject({
    id: anId,
    generation: aGeneration,
    ...slotFields,
    ...modelFields,
    status,
    guarded: z.boolean(),
  })
  .meta({ id: 'LiveSession', description: 'At most two seconds old' });

export const session = z
  .strictObject({
    id: anId,
    generation: aGeneration,
    version: z.int().min(1).meta({ description: 'Increases with each change; used as the ETag' }),
    ...slotFields,
    ...modelFields,
    status,
    leaseLapsed: z
      .boolean()
      .meta({ description: 'The lease of its process has expired; the process is marked as lost within seconds' }),
    guarded: z.boolean(),
    standalone: z.boolean(),
    milestoneId: z.string().nullable().meta({ description: 'Set for a session that spans several tasks' }),
    createdBy: z.string().nullable(),
    predecessorId: anId.nullable(),
    replacedBy: anId.nullable(),
    handoff: z.string().nullable(),
    agentSessionId: z.string().nullable(),
    takenUp: z
      .string()
      .nullable()
      .meta({ description: 'Id of an earlier conversation of the slot that a retry continues in this session' }),
    leaseExpiresAt: instant.nullable(),
    usage,
    createdAt: instant,
    updatedAt: instant,
    endedAt: instant.nullable(),
    deletedAt: instant.nullable(),
    deletedReason: z.enum(DELETION_REASONS).nullable(),
  })
  .meta({ id: 'Session' });

const shown = z
  .strictObject({ sessionId, generation })
  .meta({ id: 'ShownSession', description: 'The session id and generation that the user was shown' });

export const confirmation = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('keep') }),
    z.strictObject({ kind: z.literal('replace'), shown }),
  ])
  .meta({
    id: 'Confirmation',
    description: 'The answer to a question: `confirm` of the problem with that question',
  });

export const handoff = z
  .strictObject({ summary: text(HANDOFF_LIMIT).min(1) })
  .meta({ id: 'Handoff', description: 'A summary of the replaced conversation for its successor' });

export const milestoneId = title(200).meta({
  description: 'The session spans several tasks: its turns may use attempts at any task of the project',
});

/** The subject of a staged rollout: the caller itself, or the user it names. */
const onBehalfOf = title(200).meta({
  description:
    'The user for whom the session is started, by a stable name that the caller chooses; needs the scope `users:name`. A staged rollout applies the single-session rule per user. Default: the key, or the subject of the token',
});

export const startRequest = z
  .strictObject({
    taskId,
    phase: namedPhase,
    mode: mode.exactOptional(),
    model: modelSelection,
    confirm: confirmation.exactOptional(),
    handoff: handoff.exactOptional(),
    milestoneId: milestoneId.exactOptional(),
    onBehalfOf: onBehalfOf.exactOptional(),
  })
  .meta({ id: 'StartRequest' });

const aShownSession = z.strictObject({ sessionId: anId, generation: aGeneration });

export const startAnswer = z
  .strictObject({
    outcome: z.enum(['created', 'created-beside', 'existing', 'replaced']),
    message: z
      .string()
      .nullable()
      .meta({ description: 'Text for the user, set if the session already existed; states whether it is active' }),
    session: sessionBrief,
    predecessor: aShownSession.nullable().meta({ description: 'The session that was replaced' }),
  })
  .meta({ id: 'StartAnswer' });

/** Additional fields of a question or refusal. */
export const questionFields = {
  question: z.enum(['replace', 'keep-or-replace']).exactOptional(),
  warning: z.string().exactOptional(),
  session: sessionBrief.exactOptional(),
  reasons: z.array(comparisonReason).exactOptional(),
  confirm: z
    .strictObject({ kind: z.literal('replace'), shown: aShownSession })
    .exactOptional()
    .meta({ description: 'Sent back as `confirm`, it replaces the session that was shown' }),
  why: z.string().exactOptional(),
};

export const aSessionRef = aShownSession;
