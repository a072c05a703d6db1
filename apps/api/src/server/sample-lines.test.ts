import { expect, test } from 'vitest';
import { sampleLines } from './sample-lines.ts';

test('writes one line per kind and second, with the number of lines skipped before it', () => {
  let clock = 5_000;
  const sample = sampleLines(() => clock);
  expect(sample('a')).toEqual({ leftOut: 0 });
  clock += 999;
  expect([sample('a'), sample('a')]).toEqual([undefined, undefined]);
  expect(sample('b')).toEqual({ leftOut: 0 });
  clock += 1;
  expect(sample('a')).toEqual({ leftOut: 2 });
  clock += 60_000;
  expect(sample('a')).toEqual({ leftOut: 0 });
});
