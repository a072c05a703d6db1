import { expect, test } from 'vitest';
import { createRandom } from '../../chaos/random.ts';
import { pickSkewed } from './pick-skewed.ts';

test('pickSkewed returns an index from 0 to count - 1', () => {
  expect(pickSkewed(1, () => 0.999_999)).toBe(0);
  expect(pickSkewed(10_000, () => 0)).toBe(0);
  expect(pickSkewed(10_000, () => 1 - 2 ** -32)).toBe(9_999);
});

test('pickSkewed follows the expected skewed distribution', () => {
  const random = createRandom(1);
  const counts = new Map<number, number>();
  for (let picks = 100_000; picks > 0; picks -= 1) {
    const place = pickSkewed(10_000, random);
    counts.set(place, (counts.get(place) ?? 0) + 1);
  }
  const first = counts.get(0) ?? 0;
  // Zipf's law: the second index is picked about half as often as the first, within a tolerance of 0.1.
  expect((counts.get(1) ?? 0) / first).toBeCloseTo(Math.log(3 / 2) / Math.log(2), 1);
  expect(first / 100_000).toBeCloseTo(Math.log(2) / Math.log(10_001), 2);
  expect(counts.size).toBeGreaterThan(5_000);
});
