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

test('accepts a created, found and replaced session', () => {
  const op = createScript();
  const entries = [
    op('start', 0, created('s', 1)),
    op('start', 20, existing('s', 1)),
    op('start', 40, replaced('t', 2, S)),
  ];
  expect(rules(entries)).toEqual([]);
});

test('reports two sessions with the same generation', () => {
  const op = createScript();
  expect(rules([op('start', 0, created('s', 1)), op('start', 5, created('t', 1))])).toEqual(['generation-twice']);
});

test('reports a session that was replaced twice', () => {
  const op = createScript();
  expect(rules([op('start', 0, replaced('t', 2, S)), op('start', 5, replaced('u', 3, S))])).toEqual(['replaced-twice']);
});

test('reports a replaced session other than the confirmed one', () => {
  const op = createScript();
  const other = { session: 'q', generation: 1 };
  expect(rules([op('start', 0, replaced('t', 2, S, other))])).toEqual(['replaced-another']);
});

test('reports a new generation below one acknowledged before', () => {
  const op = createScript();
  expect(rules([op('start', 0, created('s', 5)), op('start', 20, created('t', 4))])).toEqual(['generation-back']);
  expect(rules([op('start', 0, created('s', 5)), op('start', 5, created('t', 4))])).toEqual([]);
});

test('reports a response from a snapshot older than two seconds', () => {
  const op = createScript();
  const moved = [op('start', 0, created('s', 1)), op('start', 20, replaced('t', 2, S))];
  expect(rules([...moved, op('start', 1_900, existing('s', 1))])).toEqual([]);
  expect(rules([...moved, op('start', 2_900, existing('s', 1))])).toEqual(['stale-answer']);
});

test('also checks the session shown in a question', () => {
  const op = createScript();
  const question = op('start', 3_000, { outcome: 'refused', code: 'replace_confirmation_required', told: S });
  expect(rules([op('start', 0, replaced('t', 2, S)), question])).toEqual(['stale-answer']);
});
