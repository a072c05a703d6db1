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
  /** True for a temporary session whose only execution has ended or has lost its lease; it accepts no further turn. */
  readonly over: boolean;
  /**
   * The sequence number of the last process before the user kept the session for a slightly different model; null if
   * that never happened. The conversation up to that process may continue with the session's current model.
   */
  readonly keptThrough: number | null;
  /**
   * The id of an earlier conversation that a retry continues in this session. It is resumed until a process of this
   * session reports an id.
   */
  readonly takenUp: AgentSessionId | null;
  /** Whether its running process holds its lease, by the database's clock. */
  readonly leaseHeld: boolean;
  /** How many milliseconds a replaced process of this slot may still run; 0 if there is none. */
  readonly predecessorStopsInMs: number;
};

/**
 * The session a process belongs to. `here` is this session. The other two occur only for a retry, for the processes
 * that reported its id: `left` is a session that has left this slot; `elsewhere` is any other session, in another slot
 * or live beside this one.
 */
export type ProcessPlace = 'here' | 'left' | 'elsewhere';

export type PastProcess = {
  readonly id: ProcessId;
  readonly place: ProcessPlace;
  readonly seq: number;
  readonly identity: ModelIdentity;
  /**
   * The conversation's id as the agent reported it; null when it never did. A process that reported several ids may occur
   * twice: with its present id, and with an earlier one that a retry names.
   */
  readonly agentSessionId: AgentSessionId | null;
  /** The user dropped it by a retry from an earlier step. */
  readonly dropped: boolean;
  /** The agent no longer knows the id that this process reported. */
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
  /** A retry from an earlier step: resume this id instead of the latest. */
  readonly preRetryId: AgentSessionId | null;
  /** The id for which the agent reported that it knows no such conversation. */
  readonly lostId: AgentSessionId | null;
};
