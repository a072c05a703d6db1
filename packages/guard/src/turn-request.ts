import type {
  AgentSessionId,
  AttemptId,
  Catalogue,
  ComparisonReason,
  ErrorCode,
  Generation,
  Handoff,
  MissingWhy,
  ModelPolicy,
  ModelSelection,
  ProcessAction,
  ProcessId,
  SessionId,
  ShownSession,
  StartQuestion,
  TurnDecision,
  TurnReason,
  TurnSay,
} from '@phaselock/core';
import type { Deadline } from '@phaselock/locking';
import type { TurnState } from '@phaselock/store';
import type { IdempotencyKey } from './idempotency.ts';

export type StartTurn = {
  readonly sessionId: SessionId;
  readonly generation: Generation;
  readonly attemptId: AttemptId;
  /** Default: the model of the session. */
  readonly model?: ModelSelection;
  readonly say?: TurnSay;
  readonly onModelChange?: 'ask' | 'replace';
  readonly skipContext?: boolean;
  readonly preRetryId?: AgentSessionId;
  readonly lostId?: AgentSessionId;
  readonly handoff?: Handoff;
  /** False for a caller without the right to replace a session. */
  readonly mayReplace?: boolean;
  readonly actor?: string;
  readonly idempotencyKey?: IdempotencyKey;
  readonly signal?: AbortSignal;
};

export type StartedTurn = {
  readonly kind: 'started';
  /** The session in which the process runs, another one after a fresh start. The agent must use its id. */
  readonly session: ShownSession;
  readonly processId: ProcessId;
  readonly seq: number;
  readonly action: ProcessAction;
  readonly passedSessionId: AgentSessionId | null;
  readonly reason: TurnReason;
  readonly leaseExpiresAt: Date;
  readonly replaced: ShownSession | null;
  /** The summary of the replaced conversation; set only at the first turn of a session. */
  readonly handoff: string | null;
};

export type TurnOutcome =
  | StartedTurn
  | AskedTurn
  | {
      readonly kind: 'refused';
      readonly code: ErrorCode;
      readonly text: string;
      /** Set only with `model_missing`. */
      readonly why?: MissingWhy;
      readonly retryAfterMs: number | null;
      readonly detail?: string;
      /** The question about this session; set only with `session_moved_on`, if the turn needs a confirmation. */
      readonly asks?: AskedTurn;
    };

export type AskedTurn = {
  readonly kind: 'ask';
  readonly question: StartQuestion;
  readonly shown: ShownSession;
  readonly reasons: readonly ComparisonReason[];
  readonly text: string;
  readonly warning: string;
};

/** What the metrics of a turn need, collected while the turn runs. */
export type TurnNotes = {
  /** State of the requested session, as last read. */
  state: TurnState | undefined;
  /** The last decision. */
  decision: TurnDecision | undefined;
  /** Whether any decision of this turn would replace the session. */
  replaces: boolean;
  /** The answer was replayed from another call with the same Idempotency-Key, and that call counted it. */
  retold: boolean;
};

/** The state of one turn call across its retries. */
export type TurnAttempt = {
  readonly request: StartTurn;
  readonly processId: ProcessId;
  readonly policy: ModelPolicy;
  readonly catalogue: Catalogue;
  readonly deadline: Deadline;
  readonly notes: TurnNotes;
};
