import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { recordedObserver } from '../test/recorded-observer.ts';
import { unobserved } from './cache-observer.ts';
import { createMemorySnapshots, type MemorySnapshots } from './memory-snapshots.ts';

const TTL = 100;
let time = 0;
let cache: MemorySnapshots<string>;
const at = (version: number) => ({ version, value: `v${version}` });

beforeEach(() => {
  time = 1_000;
  cache = createMemorySnapshots({ ttlMs: TTL, now: () => time, observer: unobserved(), maxEntries: 3 });
});

describe('get and put', () => {
  it('returns the same object, its source and its remaining lifetime', () => {
    const value = { held: 'by reference' };
    const held = createMemorySnapshots<typeof value>({ ttlMs: TTL, now: () => time, observer: unobserved() });
    held.put('a', { version: 1, value }, 80);
    time += 30;
    const found = held.get('a');
    expect(found?.value).toBe(value);
    expect(found).toMatchObject({ version: 1, source: 'memory', freshForMs: 50 });
  });

  it('limits every lifetime to the TTL', () => {
    cache.put('a', at(1), 10_000);
    time += TTL;
    expect(cache.get('a')).toBeUndefined();
  });

  it('keeps the newer of two versions', () => {
    expect(cache.put('a', at(5), TTL)).toBe('taken');
    expect(cache.put('a', at(4), TTL)).toBe('older');
    expect(cache.get('a')?.version).toBe(5);
  });

  it('accepts an equal version again', () => {
    cache.put('a', at(5), TTL);
    expect(cache.put('a', { version: 5, value: 'again' }, TTL)).toBe('taken');
    expect(cache.get('a')?.value).toBe('again');
  });

  it('evicts the least recently used entry when full', () => {
    for (const key of ['a', 'b', 'c']) cache.put(key, at(1), TTL);
    cache.get('a');
    cache.put('d', at(1), TTL);
    expect(['a', 'b', 'c', 'd'].filter((key) => cache.get(key) !== undefined)).toEqual(['a', 'c', 'd']);
  });

  it('counts hits and misses', () => {
    const observer = recordedObserver();
    const counted = createMemorySnapshots<string>({ ttlMs: TTL, now: () => time, observer });
    counted.get('a');
    counted.put('a', at(1), TTL);
    counted.get('a');
    expect([observer.count('memory miss'), observer.count('memory hit')]).toEqual([1, 1]);
  });
});

describe('forget', () => {
  it('refuses an older snapshot that a slow reader puts afterwards', () => {
    cache.forget('a', 6);
    expect(cache.put('a', at(5), TTL)).toBe('older');
    expect(cache.get('a')).toBeUndefined();
    expect(cache.put('a', at(6), TTL)).toBe('taken');
  });

  it('keeps a snapshot that has the version of the invalidation', () => {
    cache.put('a', at(6), TTL);
    cache.forget('a', 6);
    expect(cache.get('a')?.version).toBe(6);
    cache.forget('a', 7);
    expect(cache.get('a')).toBeUndefined();
  });

  it('is not undone by an older invalidation that comes later', () => {
    cache.forget('a', 6);
    cache.forget('a', 4);
    expect(cache.put('a', at(5), TTL)).toBe('older');
  });

  it('keeps its floor after a newer snapshot has expired', () => {
    cache.forget('a', 6);
    cache.put('a', at(6), 10);
    time += 20;
    expect(cache.put('a', at(5), TTL)).toBe('older');
  });

  it('refuses every snapshot for a while if the new version is unknown', () => {
    cache.put('a', at(5), TTL);
    cache.forget('a', 0);
    expect(cache.get('a')).toBeUndefined();
    expect(cache.put('a', at(9), TTL)).toBe('older');
    time += 2 * TTL;
    expect(cache.put('a', at(9), TTL)).toBe('taken');
  });

  it('still refuses older snapshots after its entry was evicted', () => {
    cache.forget('a', 6);
    for (const key of ['b', 'c', 'd']) cache.put(key, at(1), TTL);
    expect(cache.put('a', at(5), TTL)).toBe('older');
    time += 2 * TTL;
    expect(cache.put('a', at(7), TTL)).toBe('taken');
  });

  it('does not affect other slots while no floor was evicted', () => {
    for (const key of ['a', 'b', 'c', 'd', 'e']) expect(cache.put(key, at(1), TTL)).toBe('taken');
  });
});

const keys = fc.constantFrom('a', 'b', 'c', 'd', 'e');
const step = fc.oneof(
  fc.record({ kind: fc.constant('change' as const), key: keys }),
  fc.record({ kind: fc.constant('read' as const), key: keys }),
  fc.record({ kind: fc.constant('finish-read' as const), pick: fc.nat(20) }),
  fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 60 }) }),
);

describe('any order of changes, slow reads and evictions', () => {
  it('never restores a snapshot that an invalidation has removed', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        let clock = 0;
        const model = createMemorySnapshots<string>({
          ttlMs: TTL,
          now: () => clock,
          observer: unobserved(),
          maxEntries: 2,
        });
        const versions = new Map<string, number>();
        const reads: { key: string; version: number; since: number }[] = [];
        const current = (key: string): number => versions.get(key) ?? 1;
        for (const move of steps) {
          switch (move.kind) {
            case 'change':
              versions.set(move.key, current(move.key) + 1);
              model.forget(move.key, current(move.key));
              break;
            case 'read':
              reads.push({ key: move.key, version: current(move.key), since: clock });
              break;
            case 'finish-read': {
              const [read] = reads.splice(move.pick % Math.max(1, reads.length), 1);
              const lifetime = read === undefined ? 0 : TTL - (clock - read.since);
              if (read !== undefined && lifetime > 0)
                model.put(read.key, { version: read.version, value: '' }, lifetime);
              break;
            }
            case 'wait':
              clock += move.ms;
          }
          for (const key of ['a', 'b', 'c', 'd', 'e'])
            expect(model.get(key)?.version ?? current(key)).toBe(current(key));
        }
      }),
      { numRuns: 500 },
    );
  });
});
