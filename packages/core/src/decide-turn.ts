import { compareModels } from './compare-models.ts';
import type { StartQuestion } from './decide-start.ts';
import { type Conversation, findConversation } from './find-conversation.ts';
import type { AgentSessionId } from './ids.ts';
import type { ModelComparison } from './model-comparison.ts';
import type { MissingWhy, ModelIdentity, ModelResolution } from './model-identity.ts';
import type { ModelPolicy } from './model-policy.ts';
import type { TurnReason } from './process-lifecycle.ts';
import { isShown } from './slot.ts';
import type { PastProcess, TurnRequest, TurnSession } from './turn.ts';

export type FreshReason = Extract<TurnReason, 'model-changed' | 'user-request' | 'session-invalid'>;

export type TurnDecision =
  | { readonly kind: 'initial'; readonly reason: 'first'; readonly identity: ModelIdentity; readonly takesOn: boolean }
  | {
      readonly kind: 'follow-up';
      readonly reason: 'same-model';
      readonly passedSessionId: AgentSessionId;
      readonly identity: ModelIdentity;
      readonly comparison: ModelComparison;
      /**
       * True if the user kept the session although the requested model differs slightly: that model becomes the
       * session's model.
       */
      readonly takesOn: boolean;
    }
  | {
      /** A new session replaces this one. */
      readonly kind: 'fresh';
      /** Why this session is replaced. */
      readonly reason: FreshReason;
      readonly identity: ModelIdentity;
      readonly comparison: ModelComparison;
      /** The id of an earlier conversation that the new session continues; null if it begins a new conversation. */
      readonly resumes: AgentSessionId | null;
    }
  | TurnQuestion
  | { readonly kind: 'refuse'; readonly code: 'model_missing'; readonly why: MissingWhy }
  | {
      readonly kind: 'refuse';
      readonly code: 'stale_generation' | 'turn_running' | 'illegal_transition' | 'agent_session_taken';
    }
  | { readonly kind: 'refuse'; readonly code: 'predecessor_stopping'; readonly retryAfterMs: number }
  | {
      readonly kind: 'refuse';
      readonly code: 'session_moved_on';
      /** The question about this session, asked in the same answer; null if the turn needs no confirmation. */
      readonly asks: TurnQuestion | null;
    };

export type TurnQuestion = {
  readonly kind: 'ask';
  readonly question: StartQuestion;
  readonly comparison: ModelComparison;
};

/** The inputs of the decision after the preliminary checks have passed. */
type Situation = {
  readonly session: TurnSession;
  readonly request: TurnRequest;
  readonly identity: ModelIdentity;
  readonly conversation: PassableConversation;
  readonly comparison: ModelComparison;
  /** Comparison with the session's model, which may differ from the model that made the conversation. */
  readonly withSession: ModelComparison;
};

type PassableConversation = Exclude<Conversation, { kind: 'elsewhere' }>;

/** Decides how a turn runs. Every path that starts an agent calls this function. */
export function decideTurn(
  session: TurnSession,
  history: readonly PastProcess[],
  request: TurnRequest,
  policy: ModelPolicy,
): TurnDecision {
  const { model, say } = request;
  if (session.deleted) return { kind: 'refuse', code: 'stale_generation' };
  if (session.over) return { kind: 'refuse', code: 'illegal_transition' };
  if (model.kind === 'missing') return { kind: 'refuse', code: 'model_missing', why: model.why };
  // Checked before any branch that starts a fresh session: a confirmation for another session does not apply to this
  // one.
  if (say.kind === 'replace' && !isShown(session, say.shown)) {
    const unsaid = decideTurn(session, history, { ...request, say: { kind: 'nothing' } }, policy);
    return { kind: 'refuse', code: 'session_moved_on', asks: unsaid.kind === 'ask' ? unsaid : null };
  }
  if (session.leaseHeld) return { kind: 'refuse', code: 'turn_running' };
  if (session.predecessorStopsInMs > 0) {
    return { kind: 'refuse', code: 'predecessor_stopping', retryAfterMs: session.predecessorStopsInMs };
  }
  const { takenUp } = session;
  const named = findConversation(history, { ...request, takenUp });
  // With skipContext, the retry id is only checked to belong to this slot. The model is compared with that of the
  // conversation that is abandoned.
  const conversation = request.skipContext
    ? findConversation(history, { ...request, takenUp, preRetryId: null })
    : named;
  if (named.kind === 'elsewhere' || conversation.kind === 'elsewhere')
    return { kind: 'refuse', code: 'agent_session_taken' };
  const withSession = compareModels({ kind: 'resolved', identity: session.identity }, model, policy);
  const withMaker = compareModels(previousModel(session, conversation), model, policy);
  // A kept conversation may continue with the model it was kept for, as well as with the model that made it.
  const isKept = withMaker.verdict !== 'same' && withSession.verdict === 'same' && wasKept(session, conversation);
  const comparison = isKept ? withSession : withMaker;
  const situation = { session, request, identity: model.identity, conversation, comparison, withSession };
  if (startsAfresh(situation)) return fresh(situation);
  const isConfirmed = request.say.kind === 'replace' || request.onModelChange === 'replace';
  if (leavesForModel(situation) && !isConfirmed) return { kind: 'ask', question: 'replace', comparison: withSession };
  return goOnOrAsk(situation);
}

/**
 * True for a retry of another session's conversation with a model that differs from this session's model. Such a retry
 * replaces this session.
 */
function leavesForModel({ session, conversation, withSession }: Situation): boolean {
  return isFromBefore(conversation) && !session.modelMissing && withSession.verdict === 'changed';
}

const isFromBefore = (conversation: PassableConversation): boolean =>
  conversation.kind === 'resumable' && conversation.maker?.place !== 'here';

/**
 * The model of the process that made the id being resumed; that process need not be the latest. For an id that no
 * process reported, the model is unknown.
 */
function previousModel({ identity }: TurnSession, conversation: PassableConversation): ModelResolution {
  switch (conversation.kind) {
    case 'none-yet':
    case 'dropped':
    case 'unreported':
      return { kind: 'resolved', identity };
    case 'resumable':
    case 'lost':
      if (conversation.maker === null)
        return { kind: 'missing', agent: identity.agent, variant: null, model: null, why: 'model-missing' };
      return { kind: 'resolved', identity: conversation.maker.identity };
    default:
      return conversation satisfies never;
  }
}

function wasKept({ keptThrough }: TurnSession, conversation: PassableConversation): boolean {
  const maker = 'maker' in conversation ? conversation.maker : null;
  return maker?.place === 'here' && keptThrough !== null && maker.seq <= keptThrough;
}

/**
 * True if a fresh conversation begins without a question: the caller requested it, or no conversation can be resumed.
 */
function startsAfresh({ session, request, conversation, comparison }: Situation): boolean {
  const changed = comparison.verdict === 'changed';
  switch (conversation.kind) {
    case 'lost':
      return true;
    case 'none-yet':
      // There is no context to skip, so a first turn stays first, unless the session has another model or its model was
      // deleted.
      return request.skipContext && (comparison.verdict !== 'same' || session.modelMissing);
    case 'resumable':
      return request.skipContext;
    // The session has already had its first process; a second Initial process in it would look like a first one.
    case 'dropped':
    case 'unreported':
      return request.skipContext || !changed;
    default:
      return conversation satisfies never;
  }
}

function goOnOrAsk(situation: Situation): TurnDecision {
  const { session, request, comparison, conversation } = situation;
  const { verdict } = comparison;
  // A conversation that continues in another session does not need the model of the session it leaves.
  const modelMissing = session.modelMissing && !(conversation.kind === 'resumable' && conversation.needsOwnSession);
  if (verdict === 'same' && !modelMissing) return goOn(situation);
  const confirmed = request.say.kind === 'replace' || (request.onModelChange === 'replace' && verdict === 'changed');
  if (confirmed) return fresh(situation);
  if (verdict === 'same') return { kind: 'refuse', code: 'model_missing', why: 'model-deleted' };
  const canKeep = verdict !== 'changed' && !modelMissing;
  if (canKeep && request.say.kind === 'keep') return goOn(situation);
  return { kind: 'ask', question: canKeep ? 'keep-or-replace' : 'replace', comparison };
}

function goOn(situation: Situation): TurnDecision {
  const { identity, conversation, comparison, withSession } = situation;
  const takesOn = (isFromBefore(conversation) ? withSession : comparison).verdict !== 'same';
  switch (conversation.kind) {
    case 'none-yet':
      return { kind: 'initial', reason: 'first', identity, takesOn };
    case 'resumable': {
      const { id, needsOwnSession } = conversation;
      if (needsOwnSession || leavesForModel(situation)) {
        const reason = leavesForModel(situation) ? 'model-changed' : 'user-request';
        return { kind: 'fresh', reason, identity, comparison, resumes: id };
      }
      return { kind: 'follow-up', reason: 'same-model', passedSessionId: id, identity, comparison, takesOn };
    }
    case 'lost':
    case 'dropped':
    case 'unreported':
      return fresh(situation);
    default:
      return conversation satisfies never;
  }
}

const fresh = ({ request, identity, conversation, comparison }: Situation): TurnDecision => ({
  kind: 'fresh',
  reason: freshReason(request, conversation, comparison),
  identity,
  comparison,
  resumes: null,
});

/**
 * A changed model takes precedence, because it is the reason that users expect least. Otherwise the conversation was
 * lost or the user requested a fresh one.
 */
function freshReason(
  { skipContext }: TurnRequest,
  { kind }: PassableConversation,
  { verdict }: ModelComparison,
): FreshReason {
  if (verdict === 'changed') return 'model-changed';
  if (skipContext) return 'user-request';
  return kind === 'lost' || kind === 'unreported' ? 'session-invalid' : 'user-request';
}
