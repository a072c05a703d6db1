import { expect, test } from 'vitest';
import { createRandom } from '../../chaos/random.ts';
import { pickSkewed } from './pick-skewed.ts';

test('every place can be picked, and none beyond', () => {
  expect(pickSkewed(1, () => 0.999_999)).toBe(0);
  expect(pickSkewed(10_000, () => 0)).toBe(0);
  expect(pickSkewed(10_000, () => 1 - 2 ** -32)).toBe(9_999);
});

test('a few places are busy, and most picks fall into a long tail', () => {
  const random = createRandom(1);
  const counts = new Map<number, number>();
  for (let picks = 100_000; picks > 0; picks -= 1) {
    const place = pickSkewed(10_000, random);
    counts.set(place, (counts.get(place) ?? 0) + 1);
  }
  const first = counts.get(0) ?? 0;
  // As Zipf's law has it: the second is picked about half as often as the first, within a tenth of it.
  expect((counts.get(1) ?? 0) / first).toBeCloseTo(Math.log(3 / 2) / Math.log(2), 1);
  expect(first / 100_000).toBeCloseTo(Math.log(2) / Math.log(10_001), 2);
  expect(counts.size).toBeGreaterThan(5_000);
});
