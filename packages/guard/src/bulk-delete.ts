import type { SessionId } from '@phaselock/core';
import { type BulkDeleted, deleteSessions, deleteOrphans as deleteStillOrphaned } from '@phaselock/store';
import { announceDeleted } from './announce.ts';
import { refuseTooMany } from './bulk-limit.ts';
import type { GuardContext } from './context.ts';
import { demandReplaceToDelete } from './demand-replace.ts';
import { answering } from './failures.ts';
import { operationDeadline } from './operation-deadline.ts';

/**
 * Deletes the sessions in one transaction and returns the ids deleted, without unknown and already deleted ones. If the
 * caller must not replace sessions and one of these is live in a slot, the call is refused and nothing is deleted.
 */
export const bulkDelete = (
  ctx: GuardContext,
  sessionIds: readonly SessionId[],
  actor?: string,
  { mayReplace }: { readonly mayReplace?: boolean } = {},
): Promise<SessionId[]> =>
  deleting(ctx, sessionIds, async (waitMs) => {
    await demandReplaceToDelete(ctx, mayReplace, sessionIds);
    return await deleteSessions(ctx.database, { sessionIds, reason: 'deleted', actor: actor ?? null, waitMs });
  });

/** Deletes those of the sessions that are still orphans (see `findOrphans`): a session used in the meantime stays. */
export const deleteOrphans = (
  ctx: GuardContext,
  sessionIds: readonly SessionId[],
  { actor, olderThanSeconds }: { readonly actor: string; readonly olderThanSeconds: number },
): Promise<SessionId[]> =>
  deleting(ctx, sessionIds, (waitMs) =>
    deleteStillOrphaned(ctx.database, { sessionIds, actor, waitMs, olderThanSeconds }),
  );

async function deleting(
  ctx: GuardContext,
  sessionIds: readonly SessionId[],
  remove: (waitMs: number) => Promise<BulkDeleted[]>,
): Promise<SessionId[]> {
  const deadline = operationDeadline(ctx);
  return await answering(ctx, deadline, 'unexpected', async () => {
    refuseTooMany(ctx, sessionIds.length);
    const gone = await remove(deadline.waitMs());
    for (const { session_id: sessionId, task_id: taskId, phase, mode, slot_version: slotVersion, model } of gone) {
      announceDeleted(ctx, { slot: { taskId, phase, mode }, slotVersion, sessionId, model, reason: 'deleted' });
    }
    ctx.telemetry.bulkDone('delete', sessionIds.length);
    return gone.map(({ session_id }) => session_id);
  });
}
