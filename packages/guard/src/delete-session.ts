import { PhaselockError, type SessionId } from '@phaselock/core';
import type { Deadline } from '@phaselock/locking';
import { type DeletedSession, deleteSession as write } from '@phaselock/store';
import { announceDeleted } from './announce.ts';
import type { GuardContext } from './context.ts';
import { demandReplaceToDelete } from './demand-replace.ts';
import { answering, isRetryable } from './failures.ts';
import { operationDeadline } from './operation-deadline.ts';

export type DeleteSession = {
  readonly sessionId: SessionId;
  readonly seenVersion?: number;
  readonly actor?: string;
  /** False for a caller without the right to replace a session. */
  readonly mayReplace?: boolean;
};

/**
 * Soft-deletes a session: it leaves its slot and the lists, while its record, logs and history stay. Deleting it again
 * changes nothing.
 */
export async function softDelete(
  ctx: GuardContext,
  { sessionId, seenVersion, actor, mayReplace }: DeleteSession,
): Promise<void> {
  const deadline = operationDeadline(ctx);
  await answering(ctx, deadline, 'unexpected', async () => {
    await demandReplaceToDelete(ctx, mayReplace, [sessionId]);
    const given = { sessionId, seenVersion: seenVersion ?? null, reason: 'deleted', actor: actor ?? null } as const;
    const deleted = await onceMore(deadline, () => write(ctx.database, { ...given, waitMs: deadline.waitMs() }));
    await ctx.racepoint?.('delete:written');
    switch (deleted.kind) {
      case 'deleted':
        return announceDeleted(ctx, {
          slot: deleted.slot,
          slotVersion: deleted.slotVersion,
          sessionId,
          model: deleted.model,
          reason: 'deleted',
        });
      case 'already-deleted':
        return;
      case 'not-found':
        throw new PhaselockError('session_not_found');
      case 'version-mismatch':
        throw new PhaselockError('version_mismatch');
    }
  });
}

/** Retries once after a retryable failure such as a lost answer, which is safe because deletion is idempotent. */
async function onceMore(deadline: Deadline, attempt: () => Promise<DeletedSession>): Promise<DeletedSession> {
  try {
    return await attempt();
  } catch (error) {
    if (!isRetryable(error) || deadline.waitMs() === 0) throw error;
    return await attempt();
  }
}
