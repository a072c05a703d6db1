import { expect, test } from 'vitest';
import { chooseStrategy } from './choose-strategy.ts';

test.each([
  [true, undefined, 'pessimistic'],
  [true, 'redis', 'pessimistic'],
  [true, 'nonsense', 'pessimistic'],
  [false, undefined, 'optimistic'],
  [false, 'optimistic', 'optimistic'],
  [false, 'redis', 'redis'],
  // Whoever names it means it, whatever the other flag says.
  [false, 'pessimistic', 'pessimistic'],
  [false, 'Redis', 'optimistic'],
  [false, '', 'optimistic'],
])('pessimistic_locking_enabled %s and locking_strategy %s choose %s', (pessimistic, strategy, chosen) => {
  expect(chooseStrategy({ pessimistic_locking_enabled: pessimistic, locking_strategy: strategy })).toBe(chosen);
});
