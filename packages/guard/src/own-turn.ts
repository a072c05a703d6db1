import { type ProcessRow, placeInSession, readProcess, readSession, type SessionRecord } from '@phaselock/store';
import type { GuardContext } from './context.ts';
import { shownOf } from './start-outcome.ts';
import type { StartedTurn, TurnAttempt } from './start-turn.ts';

/** After a lost answer: the process's id was made by this call, so if it is there, this call began it. */
export async function findBegunTurn(
  { database: { kysely } }: GuardContext,
  { request, processId }: TurnAttempt,
): Promise<StartedTurn | undefined> {
  const process = await readProcess(kysely, processId);
  const session = process === undefined ? undefined : await readSession(kysely, process.session_id);
  if (process === undefined || session === undefined) return undefined;
  // Outside the guard the session that was left was not replaced.
  const replaced =
    session.predecessorId === request.sessionId && session.id !== request.sessionId
      ? { sessionId: request.sessionId, generation: request.generation }
      : null;
  // A session outside the guard does not keep it: then it is told as the request has it.
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
    // The lease of the session is that of the process at work: of one that is not, none is left.
    leaseExpiresAt: leaseOf(process, session),
    replaced,
    handoff: isFirst ? handoff : null,
  };
}

const leaseOf = (
  { status, started_at, ended_at }: Pick<ProcessRow, 'status' | 'started_at' | 'ended_at'>,
  { leaseExpiresAt }: Pick<SessionRecord, 'leaseExpiresAt'>,
): Date => (status === 'running' ? leaseExpiresAt : ended_at) ?? started_at;
