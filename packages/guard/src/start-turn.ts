import {
  checkHandoff,
  decideTurn,
  ERRORS,
  type ErrorCode,
  type Handoff,
  isModelGone,
  NOTICES,
  PhaselockError,
  type ProcessAction,
  QUESTION_CODES,
  replacesSession,
  type TurnDecision,
  type TurnQuestion,
} from '@phaselock/core';
import { readTurnState, type TurnState } from '@phaselock/store';
import { announceTurnBegun } from './announce.ts';
import type { CatalogueView, GuardContext } from './context.ts';
import { countingTurn } from './count-turn.ts';
import { demandReplace } from './demand-replace.ts';
import { answeringUncounted, isRetryable, Moved } from './failures.ts';
import { openFreshConversation } from './fresh-conversation.ts';
import { changeAtFirstTurn } from './model-before.ts';
import { newProcessId } from './new-ids.ts';
import { operationDeadline } from './operation-deadline.ts';
import { findBegunTurn } from './own-turn.ts';
import { whichHolds } from './refuse-report.ts';
import { requestedModel } from './requested-model.ts';
import { shownOf } from './start-outcome.ts';
import { BegunByTwin, beginWithKey, replayTurn } from './turn-key.ts';
import type { AskedTurn, StartTurn, TurnAttempt, TurnNotes, TurnOutcome } from './turn-request.ts';

type RefusedTurn = Extract<TurnOutcome, { kind: 'refused' }>;

const MAX_DECISIONS = 4;

/**
 * Starts a process in a session: resumes the conversation of the session, begins it, or begins another one in its
 * place.
 */
export async function startTurn(ctx: GuardContext, request: StartTurn): Promise<TurnOutcome> {
  return await countingTurn(ctx, request, (notes) => startTurnUncounted(ctx, request, notes));
}

async function startTurnUncounted(ctx: GuardContext, request: StartTurn, notes: TurnNotes): Promise<TurnOutcome> {
  const deadline = operationDeadline(ctx, request.signal);
  return await answeringUncounted(ctx, deadline, 'unexpected', async () => {
    const view = await ctx.catalogue.view();
    const attempt: TurnAttempt = {
      request,
      processId: newProcessId(ctx),
      policy: view.policy,
      catalogue: view.catalogue,
      deadline,
      notes,
    };
    for (let tried = 1; ; tried += 1) {
      try {
        // An earlier try may have been committed although its answer was lost; its retry then found the slot changed.
        const begun = (await replayTurn(ctx, attempt)) ?? (tried > 1 ? await findBegunTurn(ctx, attempt) : undefined);
        if (begun !== undefined) return begun;
        const state = await readState(ctx, request);
        notes.state = state;
        const outcome = await decideAndBegin(ctx, attempt, view, state);
        // The cause of a refusal or a question may be a turn that a concurrent call with the same key has just begun.
        return outcome.kind === 'started' ? outcome : ((await replayTurn(ctx, attempt)) ?? outcome);
      } catch (error) {
        const twin = error instanceof BegunByTwin ? await replayTurn(ctx, attempt) : undefined;
        if (twin !== undefined) return twin;
        if (!isRetryable(error) || tried === MAX_DECISIONS || deadline.waitMs() === 0) throw error;
        // Undefined only if the session could not be read; then no slot lock was tried.
        if (notes.state !== undefined) ctx.telemetry.lock.retried(await ctx.chooseStrategy(notes.state.slot));
      }
    }
  });
}

async function readState(ctx: GuardContext, { sessionId, preRetryId, attemptId }: StartTurn): Promise<TurnState> {
  const state = await readTurnState(ctx.database, { sessionId, preRetryId: preRetryId ?? null, attemptId });
  if (state === undefined) throw new PhaselockError('session_not_found');
  return state;
}

async function decideAndBegin(
  ctx: GuardContext,
  attempt: TurnAttempt,
  view: CatalogueView,
  state: TurnState,
): Promise<TurnOutcome> {
  const { request } = attempt;
  if (state.session.generation !== request.generation) return await refused(ctx, attempt, 'stale_generation', null);

  const session = { ...state.session, modelMissing: isModelGone(view.catalogue, state.session.identity) };
  const decision = decideTurn(
    session,
    state.history,
    {
      model: await requestedModel(ctx, view, state, request.model),
      say: request.say ?? { kind: 'nothing' },
      onModelChange: request.onModelChange ?? 'ask',
      skipContext: request.skipContext ?? false,
      preRetryId: request.preRetryId ?? null,
      lostId: request.lostId ?? null,
    },
    attempt.policy,
  );
  attempt.notes.decision = decision;
  attempt.notes.replaces ||= replacesSession(decision, state.guarded);
  demandReplace(request.mayReplace, decision, state.guarded);
  await ctx.racepoint?.('turn:decided');
  return await carryOut(ctx, attempt, state, decision);
}

async function carryOut(
  ctx: GuardContext,
  attempt: TurnAttempt,
  state: TurnState,
  decision: TurnDecision,
): Promise<TurnOutcome> {
  switch (decision.kind) {
    case 'initial':
    case 'follow-up':
      if (attempt.request.handoff !== undefined) refuseHandoff(attempt.request.handoff);
      return await begin(ctx, attempt, state, decision);
    case 'fresh': {
      const { handoff } = attempt.request;
      const problem = handoff === undefined ? undefined : checkHandoff(handoff, true);
      if (problem !== undefined) throw new PhaselockError('invalid_request', { detail: `handoff: ${problem}` });
      return await openFreshConversation(ctx, attempt, state, decision);
    }
    case 'ask':
      return asked(state, decision);
    case 'refuse': {
      const retryAfterMs = decision.code === 'predecessor_stopping' ? decision.retryAfterMs : null;
      const outcome = await refused(ctx, attempt, decision.code, retryAfterMs);
      if (decision.code === 'model_missing') return { ...outcome, why: decision.why };
      if (decision.code === 'session_moved_on' && decision.asks !== null)
        return { ...outcome, asks: asked(state, decision.asks) };
      return outcome;
    }
  }
}

function asked({ session }: TurnState, { question, comparison }: TurnQuestion): AskedTurn {
  const { text } = ERRORS[QUESTION_CODES[question]];
  const { reasons } = comparison;
  return { kind: 'ask', question, shown: shownOf(session), reasons, text, warning: NOTICES.replace_warning };
}

function refuseHandoff(handoff: Handoff): never {
  throw new PhaselockError('invalid_request', {
    detail: `handoff: ${checkHandoff(handoff, false) ?? 'nothing-replaced'}`,
  });
}

async function begin(
  ctx: GuardContext,
  attempt: TurnAttempt,
  state: TurnState,
  decision: Extract<TurnDecision, { kind: 'initial' | 'follow-up' }>,
): Promise<TurnOutcome> {
  const { request, processId, policy } = attempt;
  const { sessionId, generation } = request;
  const { identity, reason, takesOn } = decision;
  const isInitial = decision.kind === 'initial';
  const action: ProcessAction = isInitial ? 'CodingAgentInitialRequest' : 'CodingAgentFollowUpRequest';
  const passedSessionId = isInitial ? null : decision.passedSessionId;
  const isFirst = state.history.every(({ place }) => place !== 'here');
  const previous = isInitial ? changeAtFirstTurn(state, identity, policy) : null;
  const begun = await beginWithKey(ctx, attempt, {
    turn: {
      sessionId,
      generation,
      seenVersion: state.version,
      attemptId: request.attemptId,
      processId,
      action,
      reason,
      passedSessionId,
      preRetryId: request.preRetryId ?? null,
      skipContext: request.skipContext ?? false,
      identity,
      lostId: request.lostId ?? null,
      takesUp: isFirst && !isInitial ? { conversationOf: state.conversationOf } : null,
      modelChange: previous === null ? null : { previous },
      leaseMs: ctx.settings.leaseMs,
      actor: request.actor ?? null,
    },
    state,
    takesOn,
  });
  if (begun.kind === 'moved') throw new Moved();
  await ctx.racepoint?.('turn:written');

  announceTurnBegun(ctx, { slot: state.slot, sessionId, request, processId, begun: { ...begun, previous }, identity });
  return {
    kind: 'started',
    session: { sessionId, generation },
    processId,
    seq: begun.seq,
    action,
    passedSessionId,
    reason,
    leaseExpiresAt: begun.leaseExpiresAt,
    replaced: null,
    handoff: isFirst ? state.handoff : null,
  };
}

async function refused(
  ctx: GuardContext,
  { request }: TurnAttempt,
  code: ErrorCode,
  retryAfterMs: number | null,
): Promise<RefusedTurn> {
  const { text } = ERRORS[code];
  if (code !== 'stale_generation') return { kind: 'refused', code, text, retryAfterMs };
  ctx.telemetry.writeFenced('begin-turn');
  return { kind: 'refused', code, text, retryAfterMs, detail: await whichHolds(ctx, request.sessionId) };
}
