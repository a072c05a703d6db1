import { OUTSIDE_THE_GUARD, type SessionId, type SessionStatus, type ShownSession, type TaskId } from '@phaselock/core';
import { readEvents, readSession } from '@phaselock/store';
import type { GuardContext } from './context.ts';
import { showRecord } from './shown-record.ts';
import { bornSession, existingText, type StartOutcome, shownOf } from './start-outcome.ts';

/** Rebuilds the answer of the call that created this session. Undefined if the session was never committed. */
export async function findBirth(ctx: GuardContext, sessionId: SessionId): Promise<StartOutcome | undefined> {
  const { kysely } = ctx.database;
  const born = await readSession(kysely, sessionId);
  if (born === undefined) return undefined;
  const { id, generation, slot, identity, predecessorId } = born;
  const { catalogue } = await ctx.catalogue.view();
  const predecessor = predecessorId === null ? null : await shownAsReplaced(ctx, slot.taskId, predecessorId);
  const session = bornSession({ id, generation, slot, identity }, { catalogue, predecessor });
  if (generation === OUTSIDE_THE_GUARD) return { kind: 'created-beside', session };
  return predecessor === null ? { kind: 'created', session } : { kind: 'replaced', session, predecessor };
}

/** Reads a predecessor that has been purged from its events, which the purge keeps. */
async function shownAsReplaced(ctx: GuardContext, taskId: TaskId, sessionId: SessionId): Promise<ShownSession | null> {
  const { kysely } = ctx.database;
  const found = await readSession(kysely, sessionId);
  if (found !== undefined) return shownOf(found);
  const own = (await readEvents(kysely, { taskId, sessionId })).find((event) => event.session_id === sessionId);
  return own === undefined ? null : { sessionId, generation: own.generation };
}

/** Rebuilds the answer of a start that found this session. */
export async function findExisting(
  ctx: GuardContext,
  sessionId: SessionId,
  status: SessionStatus,
): Promise<StartOutcome | undefined> {
  const found = await readSession(ctx.database.kysely, sessionId);
  if (found === undefined) return undefined;
  const { catalogue } = await ctx.catalogue.view();
  const { id, generation, slot, identity, modelStanding } = showRecord(catalogue, found);
  const session = { id, generation, slot, identity, modelStanding, status };
  return { kind: 'existing', session, text: existingText(status) };
}
