import { describe, expect, test } from 'vitest';
import { measureResources, type Sample } from './measure-resources.ts';

const WINDOWS = [{ from: 0, to: 40_000, purge: null, period: null }];
const GIB = 1024 ** 3;

/** Two programs that each use half a core and 1 GiB, sampled at these times. */
const seenAt = (moments: readonly number[]): Sample[] =>
  moments.flatMap((at) => ['api-0', 'postgresql'].map((of) => ({ at, of, cpuSeconds: at / 2_000, memoryBytes: GIB })));

describe('CPU and memory of API and PostgreSQL', () => {
  test('do not depend on the alignment of samples to seconds', () => {
    const even = Array.from({ length: 40 }, (_, nth) => nth * 1_000);
    // Every second sample is late and falls into the next second.
    const uneven = even.map((at, nth) => at + (nth % 2 === 0 ? 990 : 10));
    for (const moments of [even, uneven]) {
      const { server } = measureResources(seenAt(moments), WINDOWS);
      expect(server?.highestCores).toBeCloseTo(1, 5);
      expect(server?.highestMemoryBytes).toBe(2 * GIB);
    }
  });

  test('use the busiest ten seconds', () => {
    const busyFrom = 15_000;
    const used = (at: number): number => Math.min(10, Math.max(0, (at - busyFrom) / 1_000)) * 1.6;
    const samples = Array.from({ length: 40 }, (_, nth) => ({
      at: nth * 1_000,
      of: 'postgresql',
      cpuSeconds: used(nth * 1_000),
      memoryBytes: GIB,
    }));
    expect(measureResources(samples, WINDOWS).server?.highestCores).toBeCloseTo(1.6, 5);
  });

  test('use the whole run if it is shorter than ten seconds', () => {
    expect(measureResources(seenAt([0, 1_000, 2_000]), WINDOWS).server?.highestCores).toBeCloseTo(1, 5);
    expect(measureResources(seenAt([0]), WINDOWS).server?.highestCores).toBe(0);
  });
});
