import { type ProcessRow, placeInSession, readProcess, readSession, type SessionRecord } from '@phaselock/store';
import type { GuardContext } from './context.ts';
import { shownOf } from './start-outcome.ts';
import type { StartedTurn, TurnAttempt } from './turn-request.ts';

/**
 * Rebuilds the answer of a turn from the process it began, after a lost answer or for a repeated idempotency key.
 * Undefined if the process was never committed.
 */
export async function findBegunTurn(
  { database: { kysely } }: GuardContext,
  { request, processId }: TurnAttempt,
): Promise<StartedTurn | undefined> {
  const process = await readProcess(kysely, processId);
  const session = process === undefined ? undefined : await readSession(kysely, process.session_id);
  if (process === undefined || session === undefined) return undefined;
  // Outside the guard, the previous session was not replaced.
  const replaced =
    session.predecessorId === request.sessionId && session.id !== request.sessionId
      ? { sessionId: request.sessionId, generation: request.generation }
      : null;
  // A session outside the guard does not store the handoff, so the handoff of the request is returned.
  const handoff = session.handoff ?? request.handoff?.summary ?? null;
  const isFirst = handoff !== null && (await placeInSession(kysely, process)) === 1;
  return {
    kind: 'started',
    session: shownOf(session),
    processId,
    seq: process.seq,
    action: process.action,
    passedSessionId: process.passed_session_id,
    reason: process.reason,
    // A session stores the lease of its running process only. A process that has ended has no lease left.
    leaseExpiresAt: leaseOf(process, session),
    replaced,
    handoff: isFirst ? handoff : null,
  };
}

const leaseOf = (
  { status, started_at, ended_at }: Pick<ProcessRow, 'status' | 'started_at' | 'ended_at'>,
  { leaseExpiresAt }: Pick<SessionRecord, 'leaseExpiresAt'>,
): Date => (status === 'running' ? leaseExpiresAt : ended_at) ?? started_at;
