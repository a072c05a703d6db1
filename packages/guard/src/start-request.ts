import type { Handoff, ModelSelection, SlotKey, StartSay } from '@phaselock/core';
import type { IdempotencyKey } from './idempotency.ts';
import type { GuardedSay } from './resolve-guarded.ts';

export type Start = SlotKey & {
  readonly model: ModelSelection;
  readonly say?: StartSay;
  /** Whether the single-session rule applies; `if-task-is` is for a caller outside the rollout. */
  readonly guarded?: GuardedSay;
  readonly actor?: string;
  /** False for a caller without the right to replace a session. */
  readonly mayReplace?: boolean;
  /** For a session that spans several tasks: its turns may use attempts of any task of the project. */
  readonly milestoneId?: string;
  /** A summary of the replaced conversation for its successor. */
  readonly handoff?: Handoff;
  readonly idempotencyKey?: IdempotencyKey;
  readonly signal?: AbortSignal;
};
