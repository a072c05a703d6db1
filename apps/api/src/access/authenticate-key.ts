import { type StoredKey, validKeys } from '@phaselock/access';
import { SCOPES, type Scope } from '@phaselock/contract';
import type { ApiKeyId } from '@phaselock/core';
import { type Authenticator, RECHECK_MS } from './admission.ts';
import type { Caller } from './caller.ts';
import { watchCallers } from './watch-callers.ts';

type Keys = {
  readonly find: (prefix: string) => Promise<StoredKey | undefined>;
  readonly touch: (ids: readonly ApiKeyId[]) => Promise<void>;
  readonly now: () => number;
  readonly recheckMs?: number;
  readonly patienceMs?: number;
};

export type KeyAuthenticator = AsyncDisposable &
  Authenticator & {
    /**
     * Accepts the same keys, and while they cannot be looked up it uses the last lookup result. Only for reading
     * metrics.
     */
    readonly inOutage: Authenticator;
    /** Call after this process changed a key: clears the cache and looks every watched key up at once. */
    forget(): void;
  };

export function authenticateKeys({ find, touch, now, recheckMs = RECHECK_MS, patienceMs }: Keys): KeyAuthenticator {
  const keys = validKeys({ find, touch, now, ...(patienceMs !== undefined && { patienceMs }) });
  const watching = watchCallers({
    ask: async (text) => {
      const stored = await keys.fresh(text);
      return stored && callerOf(stored);
    },
    everyMs: recheckMs,
  });
  const by = (use: (text: string) => Promise<StoredKey | undefined>): Authenticator => ({
    async authenticate(text) {
      const stored = await use(text);
      return stored && callerOf(stored);
    },
    watch: watching.watch,
  });
  return {
    ...by(keys.use),
    inOutage: by(keys.useInOutage),
    forget() {
      keys.forget();
      watching.askNow();
    },
    async [Symbol.asyncDispose]() {
      await watching[Symbol.asyncDispose]();
      await keys[Symbol.asyncDispose]();
    },
  };
}

const callerOf = ({ id, name, scopes, projectId }: StoredKey): Caller => ({
  kind: 'key',
  id: `key:${id}`,
  name,
  scopes: scopes.filter((scope): scope is Scope => SCOPES.some((known) => known === scope)),
  projectId,
});
