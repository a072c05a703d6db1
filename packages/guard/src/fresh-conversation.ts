import {
  OUTSIDE_THE_GUARD,
  type ShownSession,
  type SlotState,
  statusesThatAllow,
  type TurnDecision,
} from '@phaselock/core';
import type { Held } from '@phaselock/locking';
import { beginTurn, closeSession, createBeside, openSession, type TurnState, type Writer } from '@phaselock/store';
import {
  announceBeside,
  announceOpened,
  announceTemporary,
  announceTemporaryEnded,
  announceTurnBegun,
} from './announce.ts';
import type { GuardContext } from './context.ts';
import { Moved } from './failures.ts';
import { glance, movedPast } from './glance.ts';
import { type BegunTurn, modelBefore } from './model-before.ts';
import { newSessionId } from './new-ids.ts';
import { bornSession, shownOf } from './start-outcome.ts';
import { leaveToTwin, turnKeyRow } from './turn-key.ts';
import type { StartedTurn, TurnAttempt, TurnOutcome } from './turn-request.ts';

type Fresh = Extract<TurnDecision, { kind: 'fresh' }>;

/**
 * Opens another session for another conversation and begins its first process, in one transaction. A guarded old
 * session leaves the slot in the same transaction. The process begins a conversation, or resumes an earlier one of the
 * slot that a retry named.
 */
export async function openFreshConversation(
  ctx: GuardContext,
  attempt: TurnAttempt,
  state: TurnState,
  decision: Fresh,
): Promise<TurnOutcome> {
  return state.guarded
    ? await replaceAndBegin(ctx, attempt, state, decision)
    : await besideAndBegin(ctx, attempt, state, decision);
}

async function replaceAndBegin(
  ctx: GuardContext,
  attempt: TurnAttempt,
  state: TurnState,
  decision: Fresh,
): Promise<StartedTurn> {
  const { slot, session: old, milestoneId } = state;
  const { request, deadline, catalogue } = attempt;
  const sessionId = newSessionId(ctx);
  const { identity, reason } = decision;
  const createdBy = request.actor ?? null;
  const handoff = request.handoff?.summary ?? null;

  const opened = await ctx.locking.withSlot(slot, await ctx.chooseStrategy(slot), deadline, async (held) => {
    await leaveToTwin(attempt, held.kind === 'locked' ? held.writer : ctx.database);
    const seen = held.kind === 'locked' ? held.state : await glance(ctx, slot, old.generation);
    if (seen.live?.id !== old.id) throw movedPast(ctx, slot, seen);
    return await inTransaction(ctx, held, async (writer) => {
      const birth = {
        slot,
        seen,
        sessionId,
        identity,
        milestoneId,
        createdBy,
        reason,
        handoff,
        idempotency: turnKeyRow(attempt),
        waitMs: deadline.waitMs(),
      };
      const born = await openSession(writer, birth, { last: false });
      if (born.kind === 'moved') throw movedPast(ctx, slot, seen);
      await ctx.racepoint?.('turn:opened');
      return {
        ...born,
        begun: await beginFirst(ctx, writer, attempt, state, {
          session: { sessionId, generation: born.generation },
          decision,
        }),
      };
    });
  });
  await ctx.racepoint?.('turn:written');

  const { generation, slotVersion, begun } = opened;
  const predecessor = shownOf(old);
  const session = bornSession({ id: sessionId, generation, slot, identity }, { catalogue, predecessor });
  const invalidatedModel = old.identity.model;
  announceOpened(ctx, { session, slotVersion, predecessor, invalidatedModel, reason });
  announceTurnBegun(ctx, { slot, sessionId, request, processId: attempt.processId, begun, identity });
  return startedTurn(attempt, { sessionId, generation }, begun, decision, predecessor);
}

/** Outside the guard nothing is replaced: the new session is created beside the old one. */
async function besideAndBegin(
  ctx: GuardContext,
  attempt: TurnAttempt,
  state: TurnState,
  decision: Fresh,
): Promise<StartedTurn> {
  const { slot, standalone, milestoneId, session: old } = state;
  const { request, processId, catalogue } = attempt;
  const sessionId = newSessionId(ctx);
  const { identity } = decision;
  const session = { sessionId, generation: OUTSIDE_THE_GUARD };
  const begun = await inTransaction(ctx, { kind: 'free' }, async (writer) => {
    await createBeside(writer, {
      slot,
      sessionId,
      identity,
      milestoneId,
      createdBy: request.actor ?? null,
      standalone,
      idempotency: turnKeyRow(attempt),
    });
    if (isTemporary(state)) await endTemporary(writer, old, request.actor ?? null);
    return await beginFirst(ctx, writer, attempt, state, { session, decision });
  });
  if (isTemporary(state)) {
    announceTemporaryEnded(ctx, { taskId: slot.taskId, sessionId: old.id });
    announceTemporary(ctx, { taskId: slot.taskId, sessionId });
  }
  if (!standalone) {
    const born = { id: sessionId, generation: OUTSIDE_THE_GUARD, slot, identity };
    announceBeside(ctx, bornSession(born, { catalogue, predecessor: null }));
  }
  announceTurnBegun(ctx, { slot, sessionId, request, processId, begun, identity });
  return startedTurn(attempt, session, begun, decision, null);
}

/** Whether the session is the temporary record of one standalone execution. */
export const isTemporary = ({ standalone, milestoneId }: TurnState): boolean => standalone && milestoneId === null;

/** Closes a temporary session, because its one execution begins in the new session instead. */
async function endTemporary(writer: Writer, { id, generation }: TurnState['session'], actor: string | null) {
  const from = statusesThatAllow('stop');
  const closed = await closeSession(writer, { sessionId: id, generation, status: 'stopped', from, actor });
  if (closed.outcome !== 'closed') throw new Moved();
}

/** Runs the work in the transaction that holds the slot lock, if there is one, else in a new transaction. */
async function inTransaction<T>(
  ctx: GuardContext,
  held: Held<SlotState, Writer>,
  work: (writer: Writer) => Promise<T>,
): Promise<T> {
  if (held.kind === 'locked') return await work(held.writer);
  const transaction = ctx.database.transaction();
  try {
    return await work(transaction);
  } catch (error) {
    await transaction.rollback();
    throw error;
  }
}

async function beginFirst(
  ctx: GuardContext,
  writer: Writer,
  { request, processId }: TurnAttempt,
  state: TurnState,
  { session, decision }: { readonly session: ShownSession; readonly decision: Fresh },
): Promise<BegunTurn> {
  const { identity, resumes } = decision;
  // If an earlier conversation is resumed, the conversation that ends is the one of the session.
  const ended = resumes === null ? modelBefore(state, request) : state.session.identity;
  const previous = decision.reason === 'model-changed' ? ended : null;
  const begun = await beginTurn(writer, {
    ...session,
    ...firstOf(decision),
    seenVersion: FIRST_VERSION,
    attemptId: request.attemptId,
    processId,
    preRetryId: resumes,
    skipContext: request.skipContext ?? false,
    identity,
    lostId: request.lostId ?? null,
    takesUp: resumes === null ? null : { conversationOf: state.conversationOf },
    modelChange: previous === null ? null : { previous },
    leaseMs: ctx.settings.leaseMs,
    actor: request.actor ?? null,
  });
  if (begun.kind === 'moved') throw new Moved();
  return { ...begun, previous };
}

const FIRST_VERSION = 1;

/** How the first process of the new session begins. */
const firstOf = ({ resumes, reason }: Fresh) =>
  resumes === null
    ? ({ action: 'CodingAgentInitialRequest', reason, passedSessionId: null } as const)
    : ({ action: 'CodingAgentFollowUpRequest', reason: 'same-model', passedSessionId: resumes } as const);

function startedTurn(
  { request, processId }: TurnAttempt,
  session: ShownSession,
  { seq, leaseExpiresAt }: BegunTurn,
  decision: Fresh,
  replaced: ShownSession | null,
): StartedTurn {
  const handoff = request.handoff?.summary ?? null;
  return {
    kind: 'started',
    session,
    processId,
    seq,
    ...firstOf(decision),
    leaseExpiresAt,
    replaced,
    handoff,
  };
}
