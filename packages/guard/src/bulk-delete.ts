import type { SessionId } from '@phaselock/core';
import { deadlineIn } from '@phaselock/locking';
import { deleteSessions } from '@phaselock/store';
import { announceDeleted } from './announce.ts';
import { refuseTooMany } from './bulk-limit.ts';
import type { GuardContext } from './context.ts';
import { answering } from './failures.ts';

export async function bulkDelete(
  ctx: GuardContext,
  sessionIds: readonly SessionId[],
  actor?: string,
): Promise<SessionId[]> {
  const deadline = deadlineIn(ctx.settings.deadlineMs, ctx.now);
  return await answering(ctx, deadline, 'unexpected', async () => {
    refuseTooMany(ctx, sessionIds.length);
    const gone = await deleteSessions(ctx.database, {
      sessionIds,
      reason: 'deleted',
      actor: actor ?? null,
      waitMs: deadline.waitMs(),
    });
    for (const { session_id: sessionId, task_id: taskId, phase, mode, slot_version: slotVersion, model } of gone) {
      announceDeleted(ctx, { slot: { taskId, phase, mode }, slotVersion, sessionId, model, reason: 'deleted' });
    }
    ctx.telemetry.bulkDone('delete', sessionIds.length);
    return gone.map(({ session_id }) => session_id);
  });
}
