import type { ApiKeyId } from '@phaselock/core';
import { matchesSecret, parseApiKey } from './api-key-secret.ts';
import { outlastFailures } from './outlast-failures.ts';
import { rememberLookups } from './remember-lookups.ts';
import type { StoredKey } from './stored-key.ts';

type Keys = {
  readonly find: (prefix: string) => Promise<StoredKey | undefined>;
  readonly touch: (ids: readonly ApiKeyId[]) => Promise<void>;
  readonly now: () => number;
  /** How long a lookup may take before it counts as failed. */
  readonly patienceMs?: number;
};

export type ValidKeys = AsyncDisposable & {
  /** The key for this text if it is valid, from a lookup at most a few seconds old. Records the use of the key. */
  use(text: string): Promise<StoredKey | undefined>;
  /**
   * Like `use`, for metrics scrapes, which must also work during a database outage: while lookups fail, the last found
   * key is accepted for some hours. A revoked key is refused as soon as a lookup succeeds.
   */
  useInOutage(text: string): Promise<StoredKey | undefined>;
  /** The key for this text if it is valid, from a new lookup. */
  fresh(text: string): Promise<StoredKey | undefined>;
  forget(): void;
};

const TOUCH_EVERY_MS = 60_000;
/** Short, because a scraper may time out after one second. */
const PATIENCE_MS = 250;

/**
 * Decides, for all programs, whether an API key is accepted: for a request, and for answers that stay open after it.
 */
export function validKeys({ find, touch, now, patienceMs = PATIENCE_MS }: Keys): ValidKeys {
  const outlasting = outlastFailures({ find, now });
  const lookups = rememberLookups({ find: outlasting.find, now });
  const used = new Set<ApiKeyId>();

  /** Writes when the keys were last used. A failure is ignored, because this is only informative. */
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
