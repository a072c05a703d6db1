import {
  type Generation,
  PhaselockError,
  SESSION_TRANSITIONS,
  type SessionAction,
  type SessionId,
  statusesThatAllow,
} from '@phaselock/core';
import { closeSession as write } from '@phaselock/store';
import { announceTemporaryEnded } from './announce.ts';
import type { GuardContext } from './context.ts';
import { answering } from './failures.ts';
import { operationDeadline } from './operation-deadline.ts';
import { whichHolds } from './refuse-report.ts';

export type CloseSession = {
  readonly sessionId: SessionId;
  readonly generation: Generation;
  readonly how: Extract<SessionAction, 'complete' | 'fail' | 'stop'>;
  readonly actor?: string;
};

const CLOSED_STATUS = { complete: 'completed', fail: 'failed', stop: 'stopped' } as const;

/**
 * Closes a session, which keeps its slot. A process that still runs in the session is told to stop by the answer to its
 * next heartbeat.
 */
export async function closeSession(
  ctx: GuardContext,
  { sessionId, generation, how, actor }: CloseSession,
): Promise<{ version: number }> {
  return await answering(ctx, operationDeadline(ctx), 'unexpected', async () => {
    const from = statusesThatAllow(how).filter((status) => SESSION_TRANSITIONS[status][how] === CLOSED_STATUS[how]);
    const closed = await write(ctx.database, {
      sessionId,
      generation,
      status: CLOSED_STATUS[how],
      from,
      actor: actor ?? null,
    });
    switch (closed.outcome) {
      case 'closed': {
        const { task_id: taskId, phase, mode, session_version: version, temporary } = closed;
        ctx.snapshots.statusChanged({ taskId, phase, mode }, sessionId, CLOSED_STATUS[how]);
        if (temporary) announceTemporaryEnded(ctx, { taskId, sessionId });
        return { version };
      }
      case 'stale':
        ctx.telemetry.writeFenced('close');
        throw new PhaselockError('stale_generation', { detail: await whichHolds(ctx, sessionId) });
      case 'session-not-found':
        throw new PhaselockError('session_not_found');
      case 'illegal-transition':
        throw new PhaselockError('illegal_transition');
    }
  });
}
