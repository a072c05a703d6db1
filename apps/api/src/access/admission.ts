import type { Caller } from './caller.ts';

/** How often the credential behind a long-running response is checked again. */
export const RECHECK_MS = 2_000;

export type Watcher = {
  /** Whether the caller, with its current scopes and project, may still receive this response. */
  readonly holds: (caller: Caller) => boolean;
  /** Called once, asynchronously, when `holds` returns false or the credential is no longer accepted. */
  readonly lost: () => void;
};

/** Checks credentials of one kind: API keys or tokens. */
export type Authenticator = {
  authenticate(credential: string): Promise<Caller | undefined>;
  /** Keeps checking an accepted credential until the returned function is called. */
  watch(credential: string, watcher: Watcher): () => void;
};

/** A request whose credential was accepted. */
export type Admission = {
  readonly caller: Caller;
  /**
   * Checks the same credential again, for a request whose body took long to arrive; throws if it is no longer accepted.
   */
  readonly again: () => Promise<Caller>;
  readonly watch: (watcher: Watcher) => () => void;
};

/** Admits a caller without a credential: nothing can be revoked or expire, so nothing is watched. */
export const admitForGood = (caller: Caller): Admission => ({
  caller,
  again: async () => caller,
  watch: () => () => undefined,
});
