import {
  type AgentSessionId,
  type AttemptId,
  type ComparisonReason,
  checkHandoff,
  decideTurn,
  ERRORS,
  type ErrorCode,
  type Generation,
  type Handoff,
  isModelGone,
  type ModelPolicy,
  type ModelResolution,
  type ModelSelection,
  PhaselockError,
  type ProcessAction,
  type ProcessId,
  resolveModel,
  type SessionId,
  type ShownSession,
  type StartQuestion,
  type TurnDecision,
  type TurnReason,
  type TurnSay,
} from '@phaselock/core';
import { type Deadline, deadlineIn } from '@phaselock/locking';
import { readTurnState, type TurnState } from '@phaselock/store';
import { logModelChange } from '@phaselock/telemetry';
import type { CatalogueView, GuardContext } from './context.ts';
import { answering, isRetryable, Moved } from './failures.ts';
import { openFreshConversation } from './fresh-conversation.ts';
import type { IdempotencyKey } from './idempotency.ts';
import { newProcessId } from './new-ids.ts';
import { findBegunTurn } from './own-turn.ts';
import { QUESTION_CODES, shownOf } from './start-outcome.ts';
import { BegunByTwin, beginWithKey, replayTurn } from './turn-key.ts';

export type StartTurn = {
  readonly sessionId: SessionId;
  readonly generation: Generation;
  readonly attemptId: AttemptId;
  /** Left out: the session's own model. */
  readonly model?: ModelSelection;
  readonly say?: TurnSay;
  readonly onModelChange?: 'ask' | 'replace';
  readonly skipContext?: boolean;
  readonly preRetryId?: AgentSessionId;
  readonly lostId?: AgentSessionId;
  readonly handoff?: Handoff;
  readonly actor?: string;
  readonly idempotencyKey?: IdempotencyKey;
  readonly signal?: AbortSignal;
};

export type StartedTurn = {
  readonly kind: 'started';
  /** The session the process runs in, which is another one after a fresh start; its id is what the agent is told to use. */
  readonly session: ShownSession;
  readonly processId: ProcessId;
  readonly seq: number;
  readonly action: ProcessAction;
  readonly passedSessionId: AgentSessionId | null;
  readonly reason: TurnReason;
  readonly leaseExpiresAt: Date;
  readonly replaced: ShownSession | null;
  /** What the replaced conversation wants this one to know. */
  readonly handoff: string | null;
};

export type TurnOutcome =
  | StartedTurn
  | {
      readonly kind: 'ask';
      readonly question: StartQuestion;
      readonly shown: ShownSession;
      readonly reasons: readonly ComparisonReason[];
      readonly text: string;
    }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly text: string; readonly retryAfterMs: number | null };

export type TurnAttempt = {
  readonly request: StartTurn;
  readonly processId: ProcessId;
  readonly policy: ModelPolicy;
  readonly deadline: Deadline;
  readonly since: number;
};

const MAX_DECISIONS = 4;

/** Starts a process in a session: resumes its conversation, begins it, or begins another one in its place. */
export async function startTurn(ctx: GuardContext, request: StartTurn): Promise<TurnOutcome> {
  const deadline = deadlineIn(ctx.settings.deadlineMs, ctx.now, request.signal);
  return await answering(ctx, deadline, 'unexpected', async () => {
    const view = await ctx.catalogue.view();
    const attempt: TurnAttempt = {
      request,
      processId: newProcessId(ctx),
      policy: view.policy,
      deadline,
      since: ctx.now(),
    };
    for (let tried = 1; ; tried += 1) {
      try {
        // A commit whose answer was lost may look like a slot that moved by now: the lock has tried again behind it.
        const begun = (await replayTurn(ctx, attempt)) ?? (tried > 1 ? await findBegunTurn(ctx, attempt) : undefined);
        const outcome = begun ?? (await decideAndBegin(ctx, attempt, view));
        // What a refusal or a question found in the way may be what a twin with the same key has just begun.
        return outcome.kind === 'started' ? outcome : ((await replayTurn(ctx, attempt)) ?? outcome);
      } catch (error) {
        const twin = error instanceof BegunByTwin ? await replayTurn(ctx, attempt) : undefined;
        if (twin !== undefined) return twin;
        if (!isRetryable(error) || tried === MAX_DECISIONS || deadline.remainingMs() === 0) throw error;
      }
    }
  });
}

async function decideAndBegin(ctx: GuardContext, attempt: TurnAttempt, view: CatalogueView): Promise<TurnOutcome> {
  const { request } = attempt;
  const state = await readTurnState(ctx.database, request.sessionId, request.preRetryId ?? null);
  if (state === undefined) throw new PhaselockError('session_not_found');
  if (state.session.generation !== request.generation) return refused(ctx, 'stale_generation', null);

  const decision = decideTurn(
    state.session,
    state.history,
    {
      model: requestedModel(view, state, request.model),
      say: request.say ?? { kind: 'nothing' },
      onModelChange: request.onModelChange ?? 'ask',
      skipContext: request.skipContext ?? false,
      preRetryId: request.preRetryId ?? null,
      lostId: request.lostId ?? null,
    },
    attempt.policy,
  );
  await ctx.racepoint?.('turn:decided');
  return await carryOut(ctx, attempt, state, decision);
}

function requestedModel(
  { catalogue }: CatalogueView,
  { session }: TurnState,
  selection: ModelSelection | undefined,
): ModelResolution {
  if (selection !== undefined) return resolveModel(catalogue, selection);
  const { identity } = session;
  return isModelGone(catalogue, identity)
    ? { kind: 'missing', agent: identity.agent, variant: identity.variant, model: identity.model, why: 'model-deleted' }
    : { kind: 'resolved', identity };
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
    case 'ask': {
      ctx.telemetry.turnDecided('asked');
      const { question, comparison } = decision;
      const text = ERRORS[QUESTION_CODES[question]].text;
      return { kind: 'ask', question, shown: shownOf(state.session), reasons: comparison.reasons, text };
    }
    case 'refuse':
      return refused(ctx, decision.code, decision.code === 'predecessor_stopping' ? decision.retryAfterMs : null);
  }
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
  const { request, processId } = attempt;
  const action: ProcessAction =
    decision.kind === 'initial' ? 'CodingAgentInitialRequest' : 'CodingAgentFollowUpRequest';
  const passedSessionId = decision.kind === 'initial' ? null : decision.passedSessionId;
  const begun = await beginWithKey(ctx, attempt, {
    sessionId: request.sessionId,
    generation: request.generation,
    seenVersion: state.version,
    attemptId: request.attemptId,
    processId,
    action,
    reason: decision.reason,
    passedSessionId,
    preRetryId: request.preRetryId ?? null,
    skipContext: request.skipContext ?? false,
    identity: decision.identity,
    leaseMs: ctx.settings.leaseMs,
    actor: request.actor ?? null,
  });
  if (begun.kind === 'moved') throw new Moved();
  await ctx.racepoint?.('turn:written');

  ctx.telemetry.turnDecided(decision.kind);
  const { predecessor } = state;
  if (decision.kind === 'initial' && predecessor?.reason === 'model-changed') {
    const { attemptId: taskAttemptId, sessionId } = request;
    const change = { taskAttemptId, sessionId, processId, previous: predecessor, current: decision.identity };
    logModelChange(ctx.logger, change);
  }
  const session = { sessionId: request.sessionId, generation: request.generation };
  const { seq, leaseExpiresAt } = begun;
  const { reason } = decision;
  return {
    kind: 'started',
    session,
    processId,
    seq,
    action,
    passedSessionId,
    reason,
    leaseExpiresAt,
    replaced: null,
    handoff: state.handoff,
  };
}

function refused(ctx: GuardContext, code: ErrorCode, retryAfterMs: number | null): TurnOutcome {
  ctx.telemetry.turnDecided('refused');
  if (code === 'stale_generation') ctx.telemetry.writeFenced('begin-turn');
  return { kind: 'refused', code, text: ERRORS[code].text, retryAfterMs };
}
