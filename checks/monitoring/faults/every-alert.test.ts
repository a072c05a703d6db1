import { expect, test } from 'vitest';
import { EVERY_ALERT } from './judge-run.ts';
import { ALWAYS, FAULTS } from './lanes.ts';

test('every alert of the rules, in each of its windows, has exactly one fault that is made for it', () => {
  const fired = [...ALWAYS, ...FAULTS.flatMap(({ alerts }) => alerts)];
  expect(fired.toSorted()).toEqual(EVERY_ALERT.toSorted());
});

test('every other alert that a fault may fire is an alert of the rules', () => {
  const unknown = FAULTS.flatMap(({ name, also = [] }) =>
    also.filter((id) => !EVERY_ALERT.includes(id)).map((id) => `${name}: ${id}`),
  );
  expect(unknown).toEqual([]);
});
