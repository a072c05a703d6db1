import { compareModels } from './compare-models.ts';
import type { ErrorCode } from './errors.ts';
import type { ModelComparison } from './model-comparison.ts';
import type { MissingWhy, ModelIdentity, ModelResolution } from './model-identity.ts';
import type { ModelPolicy } from './model-policy.ts';
import { isShown, type LiveSession, type ShownSession, type SlotState } from './slot.ts';

/** What the caller says about a live session with another model. A replacement names what the caller was shown. */
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

/** The code under which each question is answered. */
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
      /** The user kept the session although the model differs slightly: it becomes the session's. Null where nothing is written. */
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
  | { readonly kind: 'refuse'; readonly code: 'session_moved_on'; readonly live: LiveSession };

/** What a start comes to. Total: every state and request has an answer, and nothing outside them is looked at. */
export function decideStart(slot: SlotState, request: StartRequest, policy: ModelPolicy): StartDecision {
  const { model, guarded } = request;
  const { live } = slot;
  if (model.kind === 'missing') return { kind: 'refuse', code: 'model_missing', why: model.why };
  // Who is not enrolled yet works as before, beside whatever is there; the rollout counts how often.
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
  if (say.kind === 'replace') {
    if (!isShown(live, say.shown)) return { kind: 'refuse', code: 'session_moved_on', live };
    return { kind: 'replace', live, identity, comparison };
  }
  // The session's model is gone: it can be looked at and replaced, not gone on with.
  if (same) return { kind: 'refuse', code: 'model_missing', why: 'model-deleted' };
  // A changed model cannot be kept either: that would resume one model's conversation with another.
  const canKeep = comparison.verdict !== 'changed' && !live.modelMissing;
  if (canKeep && say.kind === 'keep') return { kind: 'existing', live, comparison, takesOn: identity };
  return { kind: 'ask', question: canKeep ? 'keep-or-replace' : 'replace', live, comparison };
}
