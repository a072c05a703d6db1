import { SCOPES, type Scope } from '@phaselock/contract';
import type { ProjectId } from '@phaselock/core';

/** The identity behind a request, and what it may do. */
export type Caller = {
  readonly kind: 'key' | 'token' | 'local' | 'nobody';
  /** Unique for each caller; rate limits, idempotency keys and log lines use it. */
  readonly id: string;
  /** The actor that the history records. */
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** The only project the caller may use; null for all projects. */
  readonly projectId: ProjectId | null;
};

/** The caller of a route that needs no authentication. */
export const NOBODY: Caller = { kind: 'nobody', id: 'nobody', name: 'nobody', scopes: [], projectId: null };

/** The caller while authentication is off: any program that can reach a loopback address of this machine. */
export const LOCAL: Caller = { kind: 'local', id: 'local', name: 'local', scopes: SCOPES, projectId: null };
