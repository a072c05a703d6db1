import { beforeEach, expect, it } from 'vitest';
import { unobserved } from './cache-observer.ts';
import { createLayeredSnapshots, type LayeredSnapshots } from './layered-snapshots.ts';
import { createMemorySnapshots, type MemorySnapshots } from './memory-snapshots.ts';
import type { SnapshotCache } from './slot-snapshots.ts';

const TTL = 100;
let time = 0;
let near: MemorySnapshots<string>;
let farther: MemorySnapshots<string>;
let layered: LayeredSnapshots<string>;
const at = (version: number) => ({ version, value: `v${version}` });
const memory = () => createMemorySnapshots<string>({ ttlMs: TTL, now: () => time, observer: unobserved() });

/** Stands in for Redis, but responds at once. */
const asFar = (held: MemorySnapshots<string>): SnapshotCache<string> => ({
  async get(key) {
    const found = held.get(key);
    return found && { ...found, source: 'redis' };
  },
  put: async (key, snapshot, lifetimeMs) => held.put(key, snapshot, lifetimeMs),
  forget: async (key, version) => held.forget(key, version),
  clear: () => held.clear(),
});

beforeEach(() => {
  near = memory();
  farther = memory();
  layered = createLayeredSnapshots({ near, far: asFar(farther) });
});

it('a memory miss reads from Redis and keeps the snapshot no longer than Redis does', async () => {
  farther.put('a', at(1), 60);
  time += 20;
  expect(await layered.get('a')).toMatchObject({ version: 1, source: 'redis' });
  expect(await layered.get('a')).toMatchObject({ version: 1, source: 'memory', freshForMs: 40 });
  time += 40;
  expect(await layered.get('a')).toBeUndefined();
});

it('put stores a snapshot in memory and in Redis', async () => {
  expect(await layered.put('a', at(1), TTL)).toBe('taken');
  expect([near.get('a')?.version, farther.get('a')?.version]).toEqual([1, 1]);
});

it('a snapshot from Redis is refused if memory has received a newer change', async () => {
  farther.put('a', at(5), TTL);
  layered.hear('a', 6);
  expect(await layered.get('a')).toBeUndefined();
});

it('put keeps nothing in memory if Redis has a newer version', async () => {
  farther.forget('a', 6);
  expect(await layered.put('a', at(5), TTL)).toBe('older');
  expect(near.get('a')).toBeUndefined();
});

it('a change from the bus updates only memory, a local change also updates Redis', async () => {
  await layered.put('a', at(5), TTL);
  layered.hear('a', 6);
  expect([near.get('a'), farther.get('a')?.version]).toEqual([undefined, 5]);
  await layered.forget('a', 6);
  expect(farther.get('a')).toBeUndefined();
});

it('put and forget take effect in memory before the call returns', () => {
  void layered.put('a', at(5), TTL);
  expect(near.get('a')?.version).toBe(5);
  void layered.forget('a', 6);
  expect(near.get('a')).toBeUndefined();
});

it('clear empties memory and Redis', async () => {
  await layered.put('a', at(5), TTL);
  layered.clear();
  expect(await layered.get('a')).toBeUndefined();
});

it('the cache works without Redis', async () => {
  const alone = createLayeredSnapshots({ near });
  expect(await alone.put('a', at(1), TTL)).toBe('taken');
  expect(await alone.get('a')).toMatchObject({ source: 'memory' });
  await alone.forget('a', 2);
  alone.clear();
  expect(await alone.get('a')).toBeUndefined();
});
