import { MODES, PHASES } from '@phaselock/core';
import { z } from 'zod';
import { aGeneration, anId } from './ids.ts';
import { instant, text } from './text.ts';

const LOG_KINDS = ['stdout', 'stderr', 'event', 'result'] as const;
const LOG_LINE_LIMIT = 200_000;

export const logLine = z
  .strictObject({
    kind: z.enum(LOG_KINDS).exactOptional().meta({ description: 'Default: `stdout`' }),
    line: text(LOG_LINE_LIMIT),
  })
  .meta({ id: 'LogLine', description: 'Characters that cannot be stored (NUL, lone surrogates) become U+FFFD' });

export const logsAnswer = z
  .strictObject({
    appended: z.int().min(0),
    repaired: z.int().min(0).meta({ description: 'Lines with replaced characters' }),
  })
  .meta({ id: 'LogsAnswer' });

export const log = z
  .strictObject({
    id: z.int(),
    processId: anId.nullable().meta({ description: 'The process that wrote it' }),
    kind: z.enum(LOG_KINDS),
    line: z.string(),
    at: instant,
  })
  .meta({ id: 'Log' });

const eventType = z.string().meta({
  description:
    'One of `created`, `created-beside`, `standalone-started`, `replaced`, `adopted`, `kept`, `deleted`, `closed`, `turn-started`, `turn-finished`, `turn-lost`, `conversation-told`, `usage-booked`, `logs-appended`. Later versions may add others.',
});

export const event = z
  .strictObject({
    id: z.int(),
    type: eventType,
    reason: z.string().nullable(),
    sessionId: anId,
    generation: aGeneration,
    predecessorId: anId.nullable(),
    actor: z.string().nullable(),
    detail: z.unknown(),
    at: instant,
    place: z
      .int()
      .min(1)
      .nullable()
      .meta({ description: 'Its position among the events of its session; null, like `hash`, until it is chained' }),
    hash: z
      .string()
      .nullable()
      .meta({ description: 'SHA-256, in hexadecimal, over the hash of the event before it in its session and itself' }),
  })
  .meta({ id: 'Event' });

export const change = z
  .strictObject({
    taskId: anId,
    projectId: anId,
    phase: z.enum(PHASES),
    mode: z.enum(MODES),
    sessionId: anId,
    type: eventType,
    reason: z.string().nullable(),
    generation: aGeneration,
    predecessorId: anId.nullable(),
    actor: z.string().nullable(),
    at: instant,
  })
  .meta({ id: 'Change', description: 'The data of one server-sent event' });

const RATINGS = ['good', 'neutral', 'bad'] as const;

export const feedbackRequest = z
  .strictObject({ rating: z.enum(RATINGS), comment: text(4_000).exactOptional() })
  .meta({ id: 'FeedbackRequest' });

export const feedback = z
  .strictObject({
    rating: z.enum(RATINGS),
    comment: z.string().nullable(),
    createdBy: z.string().nullable(),
    createdAt: instant,
  })
  .meta({ id: 'Feedback' });
