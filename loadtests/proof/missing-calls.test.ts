import { expect, test } from 'vitest';
import { findMissingCalls } from './missing-calls.ts';

const findingsOf = (numbers: readonly number[]) => {
  const missing = findMissingCalls();
  for (const n of numbers) missing.note({ n });
  return missing.findings();
};

test('a call without a line is found by the numbers of its user, in whatever order lines are written', () => {
  expect(findingsOf([1, 10_000_002, 2, 10_000_001, 3])).toEqual([]);
  expect(findingsOf([1, 10_000_001, 3, 10_000_002])).toEqual(['journal: user 0 made 3 calls, and 2 are in it']);
});

test('so is one that is there twice', () => {
  expect(findingsOf([1, 2, 2])).toEqual(['journal: user 0 made 2 calls, and 3 are in it']);
});
