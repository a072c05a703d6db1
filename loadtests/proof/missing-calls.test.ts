import { expect, test } from 'vitest';
import { findMissingCalls } from './missing-calls.ts';

const findingsOf = (numbers: readonly number[]) => {
  const missing = findMissingCalls();
  for (const n of numbers) missing.note({ n });
  return missing.findings();
};

test('reports a missing call by the numbers of its user, in any order of lines', () => {
  expect(findingsOf([1, 10_000_002, 2, 10_000_001, 3])).toEqual([]);
  expect(findingsOf([1, 10_000_001, 3, 10_000_002])).toEqual(['journal: user 0 made 3 calls, but 2 are recorded']);
});

test('reports a call that was recorded twice', () => {
  expect(findingsOf([1, 2, 2])).toEqual(['journal: user 0 made 2 calls, but 3 are recorded']);
});
