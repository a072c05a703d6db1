import { SCOPES, type Scope } from '@phaselock/contract';
import type { ApiKeyId, ProjectId } from '@phaselock/core';
import { type Authenticator, RECHECK_MS } from './admission.ts';
import { matchesSecret, parseApiKey } from './api-key-secret.ts';
import type { Caller } from './caller.ts';
import { rememberLookups } from './remember-lookups.ts';
import { watchCallers } from './watch-callers.ts';

export type StoredKey = {
  readonly id: ApiKeyId;
  readonly name: string;
  readonly secretSha256: Buffer;
  readonly scopes: readonly string[];
  readonly projectId: ProjectId | null;
  readonly revokedAt: Date | null;
};

type Keys = {
  readonly find: (prefix: string) => Promise<StoredKey | undefined>;
  readonly touch: (ids: readonly ApiKeyId[]) => Promise<void>;
  readonly now: () => number;
  readonly recheckMs?: number;
};

export type KeyAuthenticator = AsyncDisposable &
  Authenticator & {
    /** This process has just changed a key: nothing remembered is relied on, and every watched key is looked up at once. */
    forget(): void;
  };

const TOUCH_EVERY_MS = 60_000;

export function authenticateKeys({ find, touch, now, recheckMs = RECHECK_MS }: Keys): KeyAuthenticator {
  const lookups = rememberLookups({ find, now });
  const used = new Set<ApiKeyId>();
  const watching = watchCallers({
    ask: async (text) => {
      const stored = await validKey(text, lookups.fresh);
      return stored && callerOf(stored);
    },
    everyMs: recheckMs,
  });

  /** When a key was last used is good to know and not worth a failure. */
  const flush = async (): Promise<void> => {
    const ids = [...used];
    used.clear();
    if (ids.length > 0) await touch(ids).catch(() => undefined);
  };
  const timer = setInterval(() => void flush(), TOUCH_EVERY_MS);
  timer.unref();

  return {
    async authenticate(text) {
      const stored = await validKey(text, lookups.recent);
      if (stored === undefined) return undefined;
      used.add(stored.id);
      return callerOf(stored);
    },
    watch: watching.watch,
    forget() {
      lookups.forget();
      watching.askNow();
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await watching[Symbol.asyncDispose]();
      await flush();
    },
  };
}

/** All that decides whether a key is accepted, for a request and for the answers that go on after it. */
async function validKey(
  text: string,
  lookUp: (prefix: string) => Promise<StoredKey | undefined>,
): Promise<StoredKey | undefined> {
  const key = parseApiKey(text);
  const stored = key === undefined ? undefined : await lookUp(key.prefix);
  if (key === undefined || stored === undefined || stored.revokedAt !== null) return undefined;
  return matchesSecret(key.secret, stored.secretSha256) ? stored : undefined;
}

const callerOf = ({ id, name, scopes, projectId }: StoredKey): Caller => ({
  kind: 'key',
  id: `key:${id}`,
  name,
  scopes: scopes.filter((scope): scope is Scope => SCOPES.some((known) => known === scope)),
  projectId,
});
