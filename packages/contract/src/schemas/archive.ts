import { DELETION_REASONS, MODES, PHASES } from '@phaselock/core';
import { z } from 'zod';
import { aGeneration, anId } from './ids.ts';
import { instant } from './text.ts';

/** The record of an archive, without its content. */
export const archive = z
  .strictObject({
    sessionId: anId,
    taskId: anId,
    phase: z.enum(PHASES),
    mode: z.enum(MODES),
    agent: z.string(),
    variant: z.string().nullable(),
    model: z.string().nullable(),
    generation: aGeneration,
    predecessorId: anId.nullable(),
    replacedBy: anId.nullable(),
    deletedAt: instant,
    deletedReason: z.enum(DELETION_REASONS),
    sha256: z.string().meta({ description: 'Hash of the stored, compressed object' }),
    bytes: z.int().min(0),
    processes: z.int().min(0),
    events: z.int().min(0),
    logs: z.int().min(0),
    archivedAt: instant,
    purgedAt: instant.nullable().meta({ description: 'When the session left the database; null until then' }),
    expiresAt: instant.meta({ description: 'When the archive is removed, unless it is on hold' }),
    held: z.boolean(),
    removedAt: instant.nullable().meta({ description: 'When the archive was removed; this record is kept' }),
  })
  .meta({ id: 'Archive' });
