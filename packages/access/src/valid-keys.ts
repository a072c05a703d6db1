import type { ApiKeyId } from '@phaselock/core';
import { matchesSecret, parseApiKey } from './api-key-secret.ts';
import { outlastFailures } from './outlast-failures.ts';
import { rememberLookups } from './remember-lookups.ts';
import type { StoredKey } from './stored-key.ts';

type Keys = {
  readonly find: (prefix: string) => Promise<StoredKey | undefined>;
  readonly touch: (ids: readonly ApiKeyId[]) => Promise<void>;
  readonly now: () => number;
  /** How long a lookup may take before it counts as one that fails. */
  readonly patienceMs?: number;
};

export type ValidKeys = AsyncDisposable & {
  /** The key of this text if it is valid, as it was found a few seconds ago; that it was used is noted. */
  use(text: string): Promise<StoredKey | undefined>;
  /**
   * The same for reading numbers, which tell of an outage and are wanted during it: while the key cannot be looked up, it is as it was last found, for some
   * hours. One that was revoked is refused as soon as a lookup is answered.
   */
  useInOutage(text: string): Promise<StoredKey | undefined>;
  /** As it is found now. */
  fresh(text: string): Promise<StoredKey | undefined>;
  forget(): void;
};

const TOUCH_EVERY_MS = 60_000;
/** A scraper may give up after a second. */
const PATIENCE_MS = 250;

/** All that decides whether a key is accepted, in whichever program, for a request and for the answers that go on after it. */
export function validKeys({ find, touch, now, patienceMs = PATIENCE_MS }: Keys): ValidKeys {
  const outlasting = outlastFailures({ find, now });
  const lookups = rememberLookups({ find: outlasting.find, now });
  const used = new Set<ApiKeyId>();

  /** When a key was last used is good to know and not worth a failure. */
  const flush = async (): Promise<void> => {
    const ids = [...used];
    used.clear();
    if (ids.length > 0) await touch(ids).catch(() => undefined);
  };
  const timer = setInterval(() => void flush(), TOUCH_EVERY_MS);
  timer.unref();

  const use = async (text: string, lookUp: LookUp): Promise<StoredKey | undefined> => {
    const stored = await validKey(text, lookUp);
    if (stored !== undefined) used.add(stored.id);
    return stored;
  };

  return {
    use: (text) => use(text, lookups.recent),
    useInOutage: (text) => use(text, (prefix) => outlasting.orLast(prefix, lookups.recent(prefix), patienceMs)),
    fresh: (text) => validKey(text, lookups.fresh),
    forget() {
      lookups.forget();
      outlasting.forget();
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await flush();
    },
  };
}

type LookUp = (prefix: string) => Promise<StoredKey | undefined>;

async function validKey(text: string, lookUp: LookUp): Promise<StoredKey | undefined> {
  const key = parseApiKey(text);
  const stored = key === undefined ? undefined : await lookUp(key.prefix);
  if (key === undefined || stored === undefined || stored.revokedAt !== null) return undefined;
  return matchesSecret(key.secret, stored.secretSha256) ? stored : undefined;
}
