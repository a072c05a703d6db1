import { SCOPES, type Scope } from '@phaselock/contract';
import type { ProjectId } from '@phaselock/core';

/** Who asks, and what they may do. */
export type Caller = {
  readonly kind: 'key' | 'token' | 'local' | 'nobody';
  /** Unlike every other caller's: what limits, idempotency keys and log lines go by. */
  readonly id: string;
  /** What the history says who did it. */
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** Null is every project. */
  readonly projectId: ProjectId | null;
};

/** At an address that is open to everybody. */
export const NOBODY: Caller = { kind: 'nobody', id: 'nobody', name: 'nobody', scopes: [], projectId: null };

/** With authentication off: whoever can reach a loopback address of this machine. */
export const LOCAL: Caller = { kind: 'local', id: 'local', name: 'local', scopes: SCOPES, projectId: null };
