import { expect, test } from 'vitest';
import type { Entry, Ref } from '../history/operation.ts';
import { createScript, rulesOf, verdictOf } from '../testing/planted.ts';
import { checkGenerations } from './generations.ts';

const rules = (entries: readonly Entry[]) => rulesOf(verdictOf(checkGenerations(), entries));
const created = (session: string, generation: number) => ({ told: { outcome: 'created', session, generation } });
const existing = (session: string, generation: number) => ({ told: { outcome: 'existing', session, generation } });
const replaced = (session: string, generation: number, predecessor: Ref, confirm: Ref = predecessor) => ({
  asked: { confirm },
  told: { outcome: 'replaced', session, generation, predecessor },
});
const S = { session: 's', generation: 1 };

test('a slot that moves on as it should', () => {
  const op = createScript();
  const entries = [
    op('start', 0, created('s', 1)),
    op('start', 20, existing('s', 1)),
    op('start', 40, replaced('t', 2, S)),
  ];
  expect(rules(entries)).toEqual([]);
});

test('a generation is one session', () => {
  const op = createScript();
  expect(rules([op('start', 0, created('s', 1)), op('start', 5, created('t', 1))])).toEqual(['generation-twice']);
});

test('a session is replaced once', () => {
  const op = createScript();
  expect(rules([op('start', 0, replaced('t', 2, S)), op('start', 5, replaced('u', 3, S))])).toEqual(['replaced-twice']);
});

test('what is replaced is what was confirmed', () => {
  const op = createScript();
  const other = { session: 'q', generation: 1 };
  expect(rules([op('start', 0, replaced('t', 2, S, other))])).toEqual(['replaced-another']);
});

test('a generation that is given out is higher than any that was acknowledged before', () => {
  const op = createScript();
  expect(rules([op('start', 0, created('s', 5)), op('start', 20, created('t', 4))])).toEqual(['generation-back']);
  expect(rules([op('start', 0, created('s', 5)), op('start', 5, created('t', 4))])).toEqual([]);
});

test('an answer that writes nothing is at most two seconds old', () => {
  const op = createScript();
  const moved = [op('start', 0, created('s', 1)), op('start', 20, replaced('t', 2, S))];
  expect(rules([...moved, op('start', 1_900, existing('s', 1))])).toEqual([]);
  expect(rules([...moved, op('start', 2_900, existing('s', 1))])).toEqual(['stale-answer']);
});

test('a question shows a session, too', () => {
  const op = createScript();
  const question = op('start', 3_000, { outcome: 'refused', code: 'replace_confirmation_required', told: S });
  expect(rules([op('start', 0, replaced('t', 2, S)), question])).toEqual(['stale-answer']);
});
