import { SCOPES, type Scope } from '@phaselock/contract';
import type { ApiKeyId, ProjectId } from '@phaselock/core';
import { matchesSecret, parseApiKey } from './api-key-secret.ts';
import type { Caller } from './caller.ts';

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
};

export type KeyAuthenticator = AsyncDisposable & {
  authenticate(key: string): Promise<Caller | undefined>;
  /** This process has just changed a key: what is remembered is not true any more. */
  forget(): void;
};

/** How long a key that was revoked elsewhere is still taken. */
const REMEMBERED_MS = 5_000;
const MAX_REMEMBERED = 1_000;
const TOUCH_EVERY_MS = 60_000;

type Remembered = { readonly found: Promise<StoredKey | undefined>; readonly until: number };

/** A key is looked up once every few seconds, whether there is one or not, so neither load nor guessing becomes a query a request. */
export function authenticateKeys({ find, touch, now }: Keys): KeyAuthenticator {
  const remembered = new Map<string, Remembered>();
  const used = new Set<ApiKeyId>();

  const lookUp = (prefix: string): Promise<StoredKey | undefined> => {
    const known = remembered.get(prefix);
    if (known !== undefined && known.until > now()) return known.found;
    remembered.delete(prefix);
    if (remembered.size >= MAX_REMEMBERED) {
      const [oldest] = remembered.keys();
      if (oldest !== undefined) remembered.delete(oldest);
    }
    const found = find(prefix);
    const entry: Remembered = { found, until: now() + REMEMBERED_MS };
    remembered.set(prefix, entry);
    // A failure says nothing about the key, and is not kept.
    found.catch(() => remembered.get(prefix) === entry && remembered.delete(prefix));
    return found;
  };

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
      const key = parseApiKey(text);
      const stored = key === undefined ? undefined : await lookUp(key.prefix);
      if (key === undefined || stored === undefined || stored.revokedAt !== null) return undefined;
      if (!matchesSecret(key.secret, stored.secretSha256)) return undefined;
      used.add(stored.id);
      return callerOf(stored);
    },
    forget: () => remembered.clear(),
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await flush();
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
