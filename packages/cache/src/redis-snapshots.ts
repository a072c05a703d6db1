import type { CacheLog, CacheObserver } from './cache-observer.ts';
import { createCircuit } from './circuit.ts';
import { FORGET_SNAPSHOT, GET_SNAPSHOT, PUT_SNAPSHOT } from './redis-scripts.ts';
import { floorMs, type SnapshotCache, UNKNOWN_VERSION } from './slot-snapshots.ts';

/** The only client command that is used. */
export type RedisForSnapshots = {
  eval(script: string, keyCount: number, ...args: (string | number)[]): Promise<unknown>;
};

/** Decoding validates its input, because other programs and releases write to the same Redis. */
export type SnapshotCodec<Value> = {
  encode(value: Value): string;
  decode(text: string): Value | undefined;
};

export type RedisSnapshotsOptions<Value> = {
  readonly redis: RedisForSnapshots;
  readonly codec: SnapshotCodec<Value>;
  readonly ttlMs: number;
  readonly now: () => number;
  readonly observer: CacheObserver;
  readonly log: CacheLog;
  /** Identifies the format of the values; an incompatible format needs another prefix. */
  readonly prefix?: string;
  readonly timeoutMs?: number;
  readonly skipMs?: number;
};

/** Redis as a cache that may be slow or down: every call has a time limit, and a failure counts as a miss. */
export function createRedisSnapshots<Value>(options: RedisSnapshotsOptions<Value>): SnapshotCache<Value> {
  const { redis, codec, ttlMs, now, observer, log } = options;
  const { prefix = 'phaselock:v1', timeoutMs = 50, skipMs = 1_000 } = options;
  let readableFrom = Number.NEGATIVE_INFINITY;
  const circuit = createCircuit({
    now,
    timeoutMs,
    skipMs,
    onFailure(error) {
      // A command that timed out may still take effect later, while skipped commands never do. Reads resume when
      // everything stored so far has expired.
      readableFrom = now() + skipMs + ttlMs;
      log.warn({ err: error, 'event.action': 'cache-failed' }, 'Redis failed; it is not used for a moment.');
    },
  });
  // The braces put both keys of a slot on one node of a cluster.
  const keysOf = (key: string): [string, string] => [`${prefix}:snapshot:{${key}}`, `${prefix}:floor:{${key}}`];

  return {
    async get(key) {
      const closed = now() < readableFrom;
      const got = closed
        ? { kind: 'skipped' as const }
        : await circuit(() => redis.eval(GET_SNAPSHOT, 1, keysOf(key)[0]));
      if (got.kind !== 'answered') {
        observer.requested('redis', got.kind === 'failed' ? 'failed' : 'bypassed');
        return undefined;
      }
      const found = readReply(got.answer, codec);
      observer.requested('redis', found === undefined ? 'miss' : 'hit');
      return found === undefined ? undefined : { ...found, source: 'redis' };
    },

    async put(key, { version, value }, lifetimeMs) {
      const px = Math.floor(Math.min(lifetimeMs, ttlMs));
      if (px < 1) return 'failed';
      const put = await circuit(() => redis.eval(PUT_SNAPSHOT, 2, ...keysOf(key), version, codec.encode(value), px));
      if (put.kind !== 'answered') return 'failed';
      return put.answer === 1 ? 'taken' : 'older';
    },

    async forget(key, version) {
      const floor = version === UNKNOWN_VERSION ? Number.MAX_SAFE_INTEGER : version;
      await circuit(() => redis.eval(FORGET_SNAPSHOT, 2, ...keysOf(key), floor, floorMs(ttlMs)));
    },

    clear() {
      // The keys are shared with other servers, so they are not deleted. Reads are skipped until all present entries
      // have expired.
      readableFrom = Math.max(readableFrom, now() + ttlMs);
    },
  };
}

function readReply<Value>(reply: unknown, codec: SnapshotCodec<Value>) {
  if (!Array.isArray(reply)) return undefined;
  const [stored, freshForMs]: unknown[] = reply;
  if (typeof stored !== 'string' || typeof freshForMs !== 'number' || freshForMs <= 0) return undefined;
  const colon = stored.indexOf(':');
  const version = Number(stored.slice(0, colon));
  if (colon < 1 || !Number.isSafeInteger(version)) return undefined;
  const value = decode(stored.slice(colon + 1), codec);
  return value === undefined ? undefined : { version, value, freshForMs };
}

function decode<Value>(text: string, codec: SnapshotCodec<Value>): Value | undefined {
  try {
    return codec.decode(text);
  } catch {
    return undefined;
  }
}
