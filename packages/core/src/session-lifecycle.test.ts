import { describe, expect, test } from 'vitest';
import vectors from '../../../vectors/session-lifecycle.json' with { type: 'json' };
import { type Row, readSection } from '../test/row.ts';
import { nextSessionStatus, SESSION_ACTIONS, SESSION_STATUSES, statusesThatAllow } from './session-lifecycle.ts';

const readStep = (row: Row) => ({
  because: row.text('because'),
  from: row.oneOf('from', SESSION_STATUSES),
  action: row.oneOf('action', SESSION_ACTIONS),
});
const valid = readSection(vectors, 'valid', (row) => ({ ...readStep(row), to: row.oneOf('to', SESSION_STATUSES) }));
const invalid = readSection(vectors, 'invalid', readStep);

describe('nextSessionStatus, allowed transitions', () => {
  test.each(valid)('$because', ({ from, action, to }) => expect(nextSessionStatus(from, action)).toBe(to));
});

describe('nextSessionStatus, refused transitions', () => {
  test.each(invalid)('$because', ({ from, action }) => expect(nextSessionStatus(from, action)).toBeUndefined());
});

test('the vectors contain every pair of session status and action exactly once', () => {
  const pairs = SESSION_STATUSES.flatMap((from) => SESSION_ACTIONS.map((action) => `${from} ${action}`));
  expect([...valid, ...invalid].map(({ from, action }) => `${from} ${action}`).sort()).toEqual(pairs.sort());
});

test.each(SESSION_ACTIONS)('statusesThatAllow returns the statuses of the vectors for %s', (action) => {
  const allowed = valid.filter((step) => step.action === action).map(({ from }) => from);
  expect([...statusesThatAllow(action)].sort()).toEqual(allowed.sort());
});
