import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import vectors from '../../../../vectors/rollout-buckets.json' with { type: 'json' };
import { murmur3 } from './murmur3.ts';
import { BUCKETS, bucketOf, isInShare } from './share.ts';

describe('the vectors for other languages', () => {
  test.each(vectors.valid)('$because', ({ flag, salt, subject, hash, bucket, outAt, inAt }) => {
    expect(murmur3(`${flag}:${salt}:${subject}`)).toBe(hash);
    expect(bucketOf({ flag, salt }, subject)).toBe(bucket);
    expect(isInShare({ flag, salt, percent: outAt }, subject)).toBe(false);
    expect(isInShare({ flag, salt, percent: inAt }, subject)).toBe(true);
  });

  test.each(vectors.invalid)('$because', ({ flag, salt, subject }) => {
    expect(isInShare({ flag, salt, percent: 100 }, subject ?? undefined)).toBe(false);
  });
});

test.each([
  ['', 0],
  ['hello', 0x248bfa47],
  ['hello, world', 0x149bbb7f],
  ['The quick brown fox jumps over the lazy dog', 0x2e4ff723],
])('murmur3 of %j is the published hash', (text, hash) => expect(murmur3(text)).toBe(hash));

const share = { flag: 'single_session_guard', salt: '1' };
const percent = fc.integer({ min: 0, max: BUCKETS }).map((hundredths) => hundredths / 100);

test('a subject in a share is also in every larger share', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), percent, percent, (subject, one, other) => {
      const [smaller, larger] = [Math.min(one, other), Math.max(one, other)];
      if (isInShare({ ...share, percent: smaller }, subject))
        expect(isInShare({ ...share, percent: larger }, subject)).toBe(true);
    }),
  );
});

test('a share of 0 % has no subject, 100 % has every subject with a name', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), (subject) => {
      expect(isInShare({ ...share, percent: 0 }, subject)).toBe(false);
      expect(isInShare({ ...share, percent: 100 }, subject)).toBe(true);
    }),
  );
});

describe.each([
  ['numbered users', (index: number) => `user-${index}`],
  [
    'ids that differ in their last digits',
    (index: number) => `019aa001-0000-7000-8000-${String(index).padStart(12, '0')}`,
  ],
  ['mail addresses', (index: number) => `${index}@example.com`],
])('the buckets of %s', (_, nameOf) => {
  const MANY = 100_000;
  const PARTS = 100;
  // 0.999999 quantile of chi-square with 99 degrees of freedom. The names are fixed, so the test is deterministic.
  const LIMIT = 178;

  test.each(['1', '2', 'another salt'])('are uniform over all percents with salt %j', (salt) => {
    const counts = new Array<number>(PARTS).fill(0);
    for (let index = 0; index < MANY; index += 1) {
      const part = Math.floor(bucketOf({ ...share, salt }, nameOf(index)) / (BUCKETS / PARTS));
      counts[part] = (counts[part] ?? 0) + 1;
    }
    const expected = MANY / PARTS;
    expect(counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)).toBeLessThan(LIMIT);
  });

  test('are independent between two flags', () => {
    const inFirst = (flag: string, index: number) => isInShare({ flag, salt: '1', percent: 25 }, nameOf(index));
    let both = 0;
    for (let index = 0; index < MANY; index += 1)
      if (inFirst('single_session_guard', index) && inFirst('pessimistic_locking_enabled', index)) both += 1;
    // A quarter of a quarter, give or take five standard deviations.
    expect(Math.abs(both / MANY - 1 / 16)).toBeLessThan(5 * Math.sqrt(((1 / 16) * (15 / 16)) / MANY));
  });
});
