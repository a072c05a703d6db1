import type { AgentSessionId, Generation, ProcessId, SessionId } from './ids.ts';
import type { ModelIdentity, ModelResolution } from './model-identity.ts';
import type { SessionStatus } from './session-lifecycle.ts';
import type { ShownSession } from './slot.ts';

export type TurnSession = {
  readonly id: SessionId;
  readonly generation: Generation;
  readonly identity: ModelIdentity;
  readonly status: SessionStatus;
  readonly deleted: boolean;
  readonly modelMissing: boolean;
  /** A temporary session whose one execution has ended, or let its lease lapse: it takes no further turn. */
  readonly over: boolean;
  /**
   * The last process before the user kept the session for a model that differs slightly; null when that never happened. What was said until
   * then goes on with the session's model as it is now.
   */
  readonly keptThrough: number | null;
  /** An earlier conversation that goes on here after a retry: it is resumed until a process of this session tells an id. */
  readonly takenUp: AgentSessionId | null;
  /** The lease of its running process, by the database's clock. */
  readonly leaseHeld: boolean;
  /** How long another, replaced process of this slot may still be alive; 0 when none is. */
  readonly predecessorStopsInMs: number;
};

/**
 * Whose process it was: `here` is this session's. For a retry also the makers of the id it names: `left` is one of a session that has left this
 * slot, `elsewhere` one of any other session: of another slot or task, or live beside this one.
 */
export type ProcessPlace = 'here' | 'left' | 'elsewhere';

export type PastProcess = {
  readonly id: ProcessId;
  readonly place: ProcessPlace;
  readonly seq: number;
  readonly identity: ModelIdentity;
  /** The conversation's id as the agent reported it; null when it never did. */
  readonly agentSessionId: AgentSessionId | null;
  /** Taken back by the user (retry from an earlier step). */
  readonly dropped: boolean;
  /** The agent no longer knows the id it made here. */
  readonly invalidated: boolean;
};

export type TurnSay =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'keep' }
  | { readonly kind: 'replace'; readonly shown: ShownSession };

export type TurnRequest = {
  readonly model: ModelResolution;
  readonly say: TurnSay;
  readonly onModelChange: 'ask' | 'replace';
  readonly skipContext: boolean;
  /** Resume this id rather than the latest: a retry from before some later processes. */
  readonly preRetryId: AgentSessionId | null;
  /** The agent answered that it knows no conversation with this id. */
  readonly lostId: AgentSessionId | null;
};
