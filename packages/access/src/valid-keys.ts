import type { ApiKeyId } from '@phaselock/core';
import { matchesSecret, parseApiKey } from './api-key-secret.ts';
import { rememberLookups } from './remember-lookups.ts';
import type { StoredKey } from './stored-key.ts';

type Keys = {
  readonly find: (prefix: string) => Promise<StoredKey | undefined>;
  readonly touch: (ids: readonly ApiKeyId[]) => Promise<void>;
  readonly now: () => number;
};

export type ValidKeys = AsyncDisposable & {
  /** The key of this text if it is valid, as it was found a few seconds ago; that it was used is noted. */
  use(text: string): Promise<StoredKey | undefined>;
  /** As it is found now. */
  fresh(text: string): Promise<StoredKey | undefined>;
  forget(): void;
};

const TOUCH_EVERY_MS = 60_000;

/** All that decides whether a key is accepted, in whichever program, for a request and for the answers that go on after it. */
export function validKeys({ find, touch, now }: Keys): ValidKeys {
  const lookups = rememberLookups({ find, now });
  const used = new Set<ApiKeyId>();

  /** When a key was last used is good to know and not worth a failure. */
  const flush = async (): Promise<void> => {
    const ids = [...used];
    used.clear();
    if (ids.length > 0) await touch(ids).catch(() => undefined);
  };
  const timer = setInterval(() => void flush(), TOUCH_EVERY_MS);
  timer.unref();

  return {
    async use(text) {
      const stored = await validKey(text, lookups.recent);
      if (stored !== undefined) used.add(stored.id);
      return stored;
    },
    fresh: (text) => validKey(text, lookups.fresh),
    forget: lookups.forget,
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await flush();
    },
  };
}

async function validKey(
  text: string,
  lookUp: (prefix: string) => Promise<StoredKey | undefined>,
): Promise<StoredKey | undefined> {
  const key = parseApiKey(text);
  const stored = key === undefined ? undefined : await lookUp(key.prefix);
  if (key === undefined || stored === undefined || stored.revokedAt !== null) return undefined;
  return matchesSecret(key.secret, stored.secretSha256) ? stored : undefined;
}
