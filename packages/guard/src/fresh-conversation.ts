import {
  findConversation,
  type ModelIdentity,
  OUTSIDE_THE_GUARD,
  type ShownSession,
  type SlotState,
  type TurnDecision,
} from '@phaselock/core';
import type { Held } from '@phaselock/locking';
import { beginTurn, createBeside, openSession, type TurnState, type Writer } from '@phaselock/store';
import { logModelChange } from '@phaselock/telemetry';
import { announceBeside, announceOpened } from './announce.ts';
import type { GuardContext } from './context.ts';
import { Moved } from './failures.ts';
import { glance, movedPast } from './glance.ts';
import { newSessionId } from './new-ids.ts';
import { type GuardedSession, shownOf } from './start-outcome.ts';
import type { StartedTurn, StartTurn, TurnAttempt, TurnOutcome } from './start-turn.ts';
import { leaveToTwin, turnKeyRow } from './turn-key.ts';

type Fresh = Extract<TurnDecision, { kind: 'fresh' }>;

/** A fresh conversation is a new session: the old one leaves the slot and the new one's first process begins, in one transaction. */
export async function openFreshConversation(
  ctx: GuardContext,
  attempt: TurnAttempt,
  state: TurnState,
  decision: Fresh,
): Promise<TurnOutcome> {
  const started = state.guarded
    ? await replaceAndBegin(ctx, attempt, state, decision)
    : await besideAndBegin(ctx, attempt, state, decision);
  ctx.telemetry.turnDecided('fresh');
  if (decision.reason === 'model-changed') {
    logModelChange(ctx.logger, {
      taskAttemptId: attempt.request.attemptId,
      sessionId: started.session.sessionId,
      processId: started.processId,
      previous: previousIdentity(state, attempt.request),
      current: decision.identity,
    });
  }
  return started;
}

/** Of the process that made the conversation that ends here; a conversation that was kept across a minor version has had several models. */
function previousIdentity({ history, session }: TurnState, { preRetryId, lostId }: StartTurn): ModelIdentity {
  const ended = findConversation(history, { preRetryId: preRetryId ?? null, lostId: lostId ?? null });
  const maker = ended.kind === 'resumable' || ended.kind === 'lost' ? ended.maker : null;
  return maker?.identity ?? session.identity;
}

async function replaceAndBegin(
  ctx: GuardContext,
  attempt: TurnAttempt,
  { slot, session: old }: TurnState,
  decision: Fresh,
): Promise<StartedTurn> {
  const { request, deadline } = attempt;
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
        createdBy,
        reason,
        handoff,
        idempotency: turnKeyRow(attempt),
        waitMs: deadline.remainingMs(),
      };
      const born = await openSession(writer, birth, { last: false });
      if (born.kind === 'moved') throw movedPast(ctx, slot, seen);
      await ctx.racepoint?.('turn:opened');
      return {
        ...born,
        begun: await beginFirst(ctx, writer, attempt, { sessionId, generation: born.generation }, decision),
      };
    });
  });
  await ctx.racepoint?.('turn:written');

  const { generation, slotVersion, begun } = opened;
  const session: GuardedSession = { id: sessionId, generation, slot, identity, modelMissing: false };
  announceOpened(ctx, { session, slotVersion, predecessor: shownOf(old), reason, since: attempt.since });
  return startedTurn(attempt, { sessionId, generation }, begun, decision, shownOf(old));
}

/** Outside the guard nothing is replaced: the new session stands beside the old one, as it always did. */
async function besideAndBegin(
  ctx: GuardContext,
  attempt: TurnAttempt,
  { slot, standalone }: TurnState,
  decision: Fresh,
): Promise<StartedTurn> {
  const sessionId = newSessionId(ctx);
  const { identity } = decision;
  const session = { sessionId, generation: OUTSIDE_THE_GUARD };
  const begun = await inTransaction(ctx, { kind: 'free' }, async (writer) => {
    await createBeside(writer, {
      slot,
      sessionId,
      identity,
      createdBy: attempt.request.actor ?? null,
      standalone,
      idempotency: turnKeyRow(attempt),
    });
    return await beginFirst(ctx, writer, attempt, session, decision);
  });
  if (!standalone)
    announceBeside(ctx, { id: sessionId, generation: OUTSIDE_THE_GUARD, slot, identity, modelMissing: false });
  return startedTurn(attempt, session, begun, decision, null);
}

/** The transaction that holds the slot, if the strategy opened one, else one of its own. */
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

type Begun = { readonly seq: number; readonly leaseExpiresAt: Date };

async function beginFirst(
  ctx: GuardContext,
  writer: Writer,
  { request, processId }: TurnAttempt,
  session: ShownSession,
  { identity, reason }: Fresh,
): Promise<Begun> {
  const begun = await beginTurn(writer, {
    ...session,
    seenVersion: FIRST_VERSION,
    attemptId: request.attemptId,
    processId,
    action: 'CodingAgentInitialRequest',
    reason,
    passedSessionId: null,
    preRetryId: null,
    skipContext: request.skipContext ?? false,
    identity,
    leaseMs: ctx.settings.leaseMs,
    actor: request.actor ?? null,
  });
  if (begun.kind === 'moved') throw new Moved();
  return begun;
}

const FIRST_VERSION = 1;

function startedTurn(
  { request, processId }: TurnAttempt,
  session: ShownSession,
  { seq, leaseExpiresAt }: Begun,
  { reason }: Fresh,
  replaced: ShownSession | null,
): StartedTurn {
  const action = 'CodingAgentInitialRequest';
  const handoff = request.handoff?.summary ?? null;
  return {
    kind: 'started',
    session,
    processId,
    seq,
    action,
    passedSessionId: null,
    reason,
    leaseExpiresAt,
    replaced,
    handoff,
  };
}
