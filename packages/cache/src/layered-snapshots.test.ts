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

/** What Redis would be, but at once. */
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

it('asks Redis for what the memory does not have, and keeps it no longer than Redis would', async () => {
  farther.put('a', at(1), 60);
  time += 20;
  expect(await layered.get('a')).toMatchObject({ version: 1, source: 'redis' });
  expect(await layered.get('a')).toMatchObject({ version: 1, source: 'memory', freshForMs: 40 });
  time += 40;
  expect(await layered.get('a')).toBeUndefined();
});

it('puts into both', async () => {
  expect(await layered.put('a', at(1), TTL)).toBe('taken');
  expect([near.get('a')?.version, farther.get('a')?.version]).toEqual([1, 1]);
});

it('does not believe a Redis that has missed a change', async () => {
  farther.put('a', at(5), TTL);
  layered.hear('a', 6);
  expect(await layered.get('a')).toBeUndefined();
});

it('does not keep what Redis knows to be old', async () => {
  farther.forget('a', 6);
  expect(await layered.put('a', at(5), TTL)).toBe('older');
  expect(near.get('a')).toBeUndefined();
});

it('keeps word from the bus to itself, and tells Redis of its own changes', async () => {
  await layered.put('a', at(5), TTL);
  layered.hear('a', 6);
  expect([near.get('a'), farther.get('a')?.version]).toEqual([undefined, 5]);
  await layered.forget('a', 6);
  expect(farther.get('a')).toBeUndefined();
});

it('holds in memory before the call returns', () => {
  void layered.put('a', at(5), TTL);
  expect(near.get('a')?.version).toBe(5);
  void layered.forget('a', 6);
  expect(near.get('a')).toBeUndefined();
});

it('clears both', async () => {
  await layered.put('a', at(5), TTL);
  layered.clear();
  expect(await layered.get('a')).toBeUndefined();
});

it('works without Redis', async () => {
  const alone = createLayeredSnapshots({ near });
  expect(await alone.put('a', at(1), TTL)).toBe('taken');
  expect(await alone.get('a')).toMatchObject({ source: 'memory' });
  await alone.forget('a', 2);
  alone.clear();
  expect(await alone.get('a')).toBeUndefined();
});
