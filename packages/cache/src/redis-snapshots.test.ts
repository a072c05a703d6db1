import { eventually } from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RecordedObserver, recordedObserver } from '../test/recorded-observer.ts';
import { type RedisForTests, redisForTests, redisTests } from '../test/redis-clients.ts';
import { createRedisSnapshots, type RedisForSnapshots, type SnapshotCodec } from './redis-snapshots.ts';
import type { SnapshotCache } from './slot-snapshots.ts';

const codec: SnapshotCodec<string> = {
  encode: (value) => value,
  decode: (text) => (text === 'unreadable' ? undefined : text),
};
const TTL = 60_000;
const at = (version: number) => ({ version, value: `v${version}` });

describe.runIf(redisTests.possible)(redisTests.title('snapshots in Redis'), () => {
  let redis: RedisForTests;
  let observer: RecordedObserver;
  let prefixes = 0;

  const open = (
    client: RedisForSnapshots,
    options: { timeoutMs?: number; ttlMs?: number; skipMs?: number } = {},
  ): SnapshotCache<string> => {
    observer = recordedObserver();
    prefixes += 1;
    const all = { timeoutMs: 2_000, ttlMs: TTL, now: () => performance.now(), ...options };
    return createRedisSnapshots({ redis: client, codec, observer, log: observer.log, prefix: `t${prefixes}`, ...all });
  };

  beforeAll(async () => {
    redis = await redisForTests();
  });
  afterAll(async () => {
    await redis[Symbol.asyncDispose]();
  });

  it('returns a stored snapshot and its remaining lifetime', async () => {
    const cache = open(redis.client());
    expect(await cache.get('a')).toBeUndefined();
    expect(await cache.put('a', { version: 3, value: 'text: with colons' }, 40_000)).toBe('taken');
    const found = await cache.get('a');
    expect(found).toMatchObject({ version: 3, value: 'text: with colons', source: 'redis' });
    expect(found?.freshForMs).toBeGreaterThan(0);
    expect(found?.freshForMs).toBeLessThanOrEqual(40_000);
    expect([observer.count('redis miss'), observer.count('redis hit')]).toEqual([1, 1]);
  });

  it('keeps the newer of two versions, and accepts an equal one again', async () => {
    const cache = open(redis.client());
    await cache.put('a', at(10), TTL);
    expect(await cache.put('a', at(9), TTL)).toBe('older');
    expect(await cache.put('a', { version: 10, value: 'again' }, TTL)).toBe('taken');
    expect(await cache.get('a')).toMatchObject({ version: 10, value: 'again' });
  });

  it('refuses an older snapshot that a slow reader puts after an invalidation', async () => {
    const cache = open(redis.client());
    await cache.put('a', at(5), TTL);
    await cache.forget('a', 6);
    expect(await cache.get('a')).toBeUndefined();
    expect(await cache.put('a', at(5), TTL)).toBe('older');
    await cache.forget('a', 2);
    expect(await cache.put('a', at(5), TTL)).toBe('older');
    expect(await cache.put('a', at(6), TTL)).toBe('taken');
    await cache.forget('a', 6);
    expect(await cache.get('a')).toMatchObject({ version: 6 });
  });

  it('refuses every snapshot after an invalidation with an unknown version', async () => {
    const cache = open(redis.client());
    await cache.put('a', at(5), TTL);
    await cache.forget('a', 0);
    expect(await cache.get('a')).toBeUndefined();
    expect(await cache.put('a', at(1_000_000), TTL)).toBe('older');
  });

  it('drops a snapshot after its lifetime', async () => {
    const cache = open(redis.client());
    await cache.put('a', at(1), 30);
    await eventually(async () => (await cache.get('a')) === undefined);
  });

  it('treats an unreadable value as a miss', async () => {
    const cache = open(redis.client());
    await cache.put('a', { version: 1, value: 'unreadable' }, TTL);
    await redis.client().set(`t${prefixes}:snapshot:{b}`, 'no version here');
    expect([await cache.get('a'), await cache.get('b')]).toEqual([undefined, undefined]);
  });

  it('returns no snapshot from before a clear', async () => {
    let time = 0;
    const cache = createRedisSnapshots({
      redis: redis.client(),
      codec,
      ttlMs: 100,
      now: () => time,
      observer: recordedObserver(),
      log: observer.log,
      timeoutMs: 2_000,
      prefix: 'clear',
    });
    await cache.put('a', at(1), 100);
    cache.clear();
    expect(await cache.get('a')).toBeUndefined();
    time += 100;
    await cache.put('a', at(2), 100);
    expect(await cache.get('a')).toMatchObject({ version: 2 });
  });

  it('returns no snapshot from before a failure, because a write may take effect late', async () => {
    let time = 0;
    let works = true;
    const client = redis.client();
    const flaky: RedisForSnapshots = {
      eval: (script, keyCount, ...args) =>
        works ? client.eval(script, keyCount, ...args) : Promise.reject(new Error('reset')),
    };
    const bounds = { ttlMs: 100, skipMs: 1_000, timeoutMs: 2_000, now: () => time };
    const log = observer.log;
    const cache = createRedisSnapshots({ redis: flaky, codec, observer, log, prefix: 'late', ...bounds });
    await cache.put('a', at(1), 100);
    expect(await cache.get('a')).toMatchObject({ version: 1 });
    works = false;
    await cache.forget('a', 2);
    works = true;
    time += 1_000;
    await cache.put('a', at(1), 100);
    expect(await cache.get('a')).toBeUndefined();
    time += 100;
    await cache.put('a', at(2), 100);
    expect(await cache.get('a')).toMatchObject({ version: 2 });
  });

  it('returns misses while Redis hangs, and uses it again when it is back', async () => {
    const cache = open(redis.client(), { timeoutMs: 50, ttlMs: 40, skipMs: 60 });
    await eventually(async () => (await cache.put('a', at(1), 40)) === 'taken');
    redis.server.pause();
    try {
      expect(await cache.get('a')).toBeUndefined();
      expect(await cache.put('a', at(2), 40)).toBe('failed');
      await cache.forget('a', 3);
      expect(observer.count('redis failed')).toBe(1);
      expect(observer.lines).toContain('Redis failed; it is not used for a moment.');
    } finally {
      redis.server.resume();
    }
    await eventually(async () => {
      await cache.put('b', at(1), 40);
      return (await cache.get('b')) !== undefined;
    });
  });

  it('returns misses while Redis is down', async () => {
    await using other = await redisForTests();
    const cache = open(other.client());
    await eventually(async () => (await cache.put('a', at(1), TTL)) === 'taken');
    await other.server.stop();
    expect(await cache.get('a')).toBeUndefined();
    expect(await cache.put('a', at(2), TTL)).toBe('failed');
    await cache.forget('a', 3);
  });
});
