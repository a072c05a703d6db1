import { OUTSIDE_THE_GUARD, type SessionId } from '@phaselock/core';
import { readSession } from '@phaselock/store';
import type { GuardContext } from './context.ts';
import { type GuardedSession, type StartOutcome, shownOf } from './start-outcome.ts';

/** What the call that made this session answered, told from the session itself; nothing when the session was never committed. */
export async function findBirth(
  { database: { kysely } }: GuardContext,
  sessionId: SessionId,
): Promise<StartOutcome | undefined> {
  const born = await readSession(kysely, sessionId);
  if (born === undefined) return undefined;
  const { id, generation, slot, identity, modelMissing, predecessorId } = born;
  const session: GuardedSession = { id, generation, slot, identity, modelMissing };
  if (generation === OUTSIDE_THE_GUARD) return { kind: 'created-beside', session };
  const predecessor = predecessorId === null ? undefined : await readSession(kysely, predecessorId);
  return predecessor === undefined
    ? { kind: 'created', session }
    : { kind: 'replaced', session, predecessor: shownOf(predecessor) };
}
