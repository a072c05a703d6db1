import {
  type Catalogue,
  type ComparisonReason,
  ERRORS,
  type ErrorCode,
  type Generation,
  hasEnded,
  type LiveSession,
  type MissingWhy,
  type ModelIdentity,
  type ModelStanding,
  modelStanding,
  NOTICES,
  QUESTION_CODES,
  type SessionId,
  type SessionStatus,
  type ShownSession,
  type SlotKey,
  type StartDecision,
  type StartQuestion,
} from '@phaselock/core';

/** The session that a start returns, with the generation that its writes must carry. */
export type GuardedSession = {
  readonly id: SessionId;
  readonly generation: Generation;
  readonly slot: SlotKey;
  readonly identity: ModelIdentity;
  readonly modelStanding: ModelStanding;
  /** The status of an existing session is up to two seconds old if another process changed it. */
  readonly status: SessionStatus;
};

export type StartOutcome =
  | { readonly kind: 'created'; readonly session: GuardedSession }
  | { readonly kind: 'created-beside'; readonly session: GuardedSession }
  | { readonly kind: 'existing'; readonly session: GuardedSession; readonly text: string }
  | { readonly kind: 'replaced'; readonly session: GuardedSession; readonly predecessor: ShownSession }
  | {
      readonly kind: 'ask';
      readonly question: StartQuestion;
      readonly session: GuardedSession;
      /** The session and generation that a confirmation must name. */
      readonly shown: ShownSession;
      readonly reasons: readonly ComparisonReason[];
      readonly text: string;
      readonly warning: string;
    }
  | { readonly kind: 'refused'; readonly code: 'model_missing'; readonly why: MissingWhy; readonly text: string }
  | {
      readonly kind: 'refused';
      readonly code: 'session_moved_on';
      /** The question about the session that is live now. The next request can answer it. */
      readonly question: StartQuestion;
      readonly session: GuardedSession;
      readonly shown: ShownSession;
      readonly reasons: readonly ComparisonReason[];
      readonly text: string;
      readonly warning: string;
    };

/** The answer of a start as metrics count it: an outcome, or an error code. */
export type CountedAnswer = StartOutcome | { readonly kind: 'failed'; readonly code: ErrorCode };

export const shownOf = ({ id: sessionId, generation }: { id: SessionId; generation: Generation }): ShownSession => ({
  sessionId,
  generation,
});

const sessionOf = (
  slot: SlotKey,
  catalogue: Catalogue,
  { id, generation, identity, status }: LiveSession,
): GuardedSession => ({
  id,
  generation,
  slot,
  identity,
  modelStanding: modelStanding(catalogue, identity),
  status,
});

/** A session that was just created and has had no process yet. */
export const bornSession = (
  born: Omit<GuardedSession, 'status' | 'modelStanding'>,
  { catalogue, predecessor }: { readonly catalogue: Catalogue; readonly predecessor: ShownSession | null },
): GuardedSession => ({
  ...born,
  modelStanding: modelStanding(catalogue, born.identity),
  status: predecessor === null ? 'ready' : 'pending',
});

/** The notice for an existing session, depending on whether it has ended. */
export const existingText = (status: SessionStatus): string =>
  hasEnded(status) ? NOTICES.same_model_ended : NOTICES.same_model_active;

/** The answer to a decision that writes nothing to the slot. */
export function answerTo(
  slot: SlotKey,
  catalogue: Catalogue,
  decision: Extract<StartDecision, { kind: 'existing' | 'ask' | 'refuse' }>,
): StartOutcome {
  switch (decision.kind) {
    case 'existing': {
      const { live, takesOn } = decision;
      const session = sessionOf(slot, catalogue, takesOn === null ? live : { ...live, identity: takesOn });
      return { kind: 'existing', session, text: existingText(session.status) };
    }
    case 'ask': {
      const { text } = ERRORS[QUESTION_CODES[decision.question]];
      return { kind: 'ask', ...questionOf(slot, catalogue, decision), text };
    }
    case 'refuse': {
      const { text } = ERRORS[decision.code];
      if (decision.code === 'model_missing') return { kind: 'refused', code: decision.code, why: decision.why, text };
      return { kind: 'refused', code: decision.code, ...questionOf(slot, catalogue, decision), text };
    }
  }
}

/** What the user has to know of the live session, and what a confirmation has to name. */
function questionOf(
  slot: SlotKey,
  catalogue: Catalogue,
  { question, live, comparison }: Extract<StartDecision, { question: StartQuestion }>,
) {
  const session = sessionOf(slot, catalogue, live);
  const shown = shownOf(session);
  return { question, session, shown, reasons: comparison.reasons, warning: NOTICES.replace_warning };
}
