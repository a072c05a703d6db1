import type { Caller } from './caller.ts';

/** How often the right behind a long answer is looked at again. */
export const RECHECK_MS = 2_000;

export type Watcher = {
  /** Whether the caller, with the scopes and the project it has now, may still have this answer. */
  readonly holds: (caller: Caller) => boolean;
  /** Called once and never synchronously: `holds` said no, or the credential is not accepted any more. */
  readonly lost: () => void;
};

/** For one kind of credential. */
export type Authenticator = {
  authenticate(credential: string): Promise<Caller | undefined>;
  /** Follows a credential that was accepted. The returned function ends it. */
  watch(credential: string, watcher: Watcher): () => void;
};

/** A request whose credential was accepted. */
export type Admission = {
  readonly caller: Caller;
  /** The same credential once more, for a request that took its time after it was admitted; refused as at first. */
  readonly again: () => Promise<Caller>;
  readonly watch: (watcher: Watcher) => () => void;
};

/** For a caller that needs no credential: there is none that could be revoked or expire. */
export const admitForGood = (caller: Caller): Admission => ({
  caller,
  again: async () => caller,
  watch: () => () => undefined,
});
