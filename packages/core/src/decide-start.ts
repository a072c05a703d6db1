import { compareModels } from './compare-models.ts';
import type { ErrorCode } from './errors.ts';
import type { ModelComparison } from './model-comparison.ts';
import type { MissingWhy, ModelIdentity, ModelResolution } from './model-identity.ts';
import type { ModelPolicy } from './model-policy.ts';
import { isShown, type LiveSession, type ShownSession, type SlotState } from './slot.ts';

/**
 * The caller's answer for a live session with another model. A replacement names the session that the caller was shown.
 */
export type StartSay =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'keep' }
  | { readonly kind: 'replace'; readonly shown: ShownSession };

export type StartRequest = {
  readonly model: ModelResolution;
  readonly say: StartSay;
  /** Whether the single-session rule applies to this caller (staged rollout). */
  readonly guarded: boolean;
};

export type StartQuestion = 'replace' | 'keep-or-replace';

/** The error code returned with each question. */
export const QUESTION_CODES = {
  replace: 'replace_confirmation_required',
  'keep-or-replace': 'keep_or_replace_required',
} as const satisfies Record<StartQuestion, ErrorCode>;

export type StartDecision =
  | { readonly kind: 'create'; readonly identity: ModelIdentity; readonly beside: boolean }
  | {
      readonly kind: 'existing';
      readonly live: LiveSession;
      readonly comparison: ModelComparison;
      /**
       * The requested model, if the user kept the session although that model differs slightly: it becomes the
       * session's model. Null if nothing is written.
       */
      readonly takesOn: ModelIdentity | null;
    }
  | {
      readonly kind: 'ask';
      readonly question: StartQuestion;
      readonly live: LiveSession;
      readonly comparison: ModelComparison;
    }
  | {
      readonly kind: 'replace';
      readonly live: LiveSession;
      readonly identity: ModelIdentity;
      readonly comparison: ModelComparison;
    }
  | { readonly kind: 'refuse'; readonly code: 'model_missing'; readonly why: MissingWhy }
  | {
      /** The confirmation names another session. The question about the live one is asked in the same answer. */
      readonly kind: 'refuse';
      readonly code: 'session_moved_on';
      readonly question: StartQuestion;
      readonly live: LiveSession;
      readonly comparison: ModelComparison;
    };

/** Decides the outcome of a start request. Every combination of slot and request has an outcome. */
export function decideStart(slot: SlotState, request: StartRequest, policy: ModelPolicy): StartDecision {
  const { model, guarded } = request;
  const { live } = slot;
  if (model.kind === 'missing') return { kind: 'refuse', code: 'model_missing', why: model.why };
  // A caller that is not enrolled yet gets a new session beside any live one, as before the rollout. The rollout counts
  // these starts.
  if (!guarded || live === null) return { kind: 'create', identity: model.identity, beside: live !== null };
  const comparison = compareModels({ kind: 'resolved', identity: live.identity }, model, policy);
  return decideBesideLive(live, model.identity, request.say, comparison);
}

function decideBesideLive(
  live: LiveSession,
  identity: ModelIdentity,
  say: StartSay,
  comparison: ModelComparison,
): StartDecision {
  const same = comparison.verdict === 'same';
  if (same && !live.modelMissing) return { kind: 'existing', live, comparison, takesOn: null };
  // A session cannot be kept for a changed model: that would resume one model's conversation with another model.
  const canKeep = comparison.verdict !== 'changed' && !live.modelMissing;
  const question = canKeep ? 'keep-or-replace' : 'replace';
  if (say.kind === 'replace') {
    if (!isShown(live, say.shown)) return { kind: 'refuse', code: 'session_moved_on', question, live, comparison };
    return { kind: 'replace', live, identity, comparison };
  }
  // The session's model was deleted: the session can be viewed and replaced, but not continued.
  if (same) return { kind: 'refuse', code: 'model_missing', why: 'model-deleted' };
  if (canKeep && say.kind === 'keep') return { kind: 'existing', live, comparison, takesOn: identity };
  return { kind: 'ask', question, live, comparison };
}
