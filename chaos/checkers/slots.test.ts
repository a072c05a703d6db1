import { expect, test } from 'vitest';
import type { Entry } from '../history/operation.ts';
import type { FinalSession } from '../read-back.ts';
import { aSession, createScript, finalOf, rulesOf, verdictOf } from '../testing/planted.ts';
import { checkSlots } from './slots.ts';

const rules = (entries: readonly Entry[], ...sessions: readonly FinalSession[]) =>
  rulesOf(verdictOf(checkSlots(), entries, { final: finalOf(sessions) }));
const op = createScript();
const created = op('start', 0, { told: { outcome: 'created', session: 's', generation: 1 } });
const predecessor = { session: 's', generation: 1 };
const replaced = (at: number) =>
  op('start', at, { told: { outcome: 'replaced', session: 't', generation: 2, predecessor } });
const wrote = (at: number, session: string) => op('logs', at, { session, generation: 1, process: 'a' });
const S = aSession('s', { deleted: true, replacedBy: 't' });
const T = aSession('t', { generation: 2, predecessor: 's' });

test('accepts responses that fit one order', () => {
  expect(rules([created, wrote(20, 's'), replaced(40), wrote(60, 't')], S, T)).toEqual([]);
});

test('reports an accepted write of the replaced session after one of its successor', () => {
  expect(rules([created, replaced(40), wrote(60, 't'), wrote(80, 's')], S, T)).toEqual(['no-order']);
});

test('reports a stale_generation refusal while the session is live', () => {
  const refused = op('logs', 20, { session: 's', generation: 1, outcome: 'refused', code: 'stale_generation' });
  expect(rules([created, refused, wrote(40, 's')], aSession('s'))).toEqual(['no-order']);
});

test('accepts writes of an unacknowledged session only if a start had no response', () => {
  const lost = op('start', 20, { outcome: 'unknown' });
  expect(rules([created, lost, wrote(60, 't')], S, T)).toEqual([]);
  expect(rules([created, wrote(60, 't')], S, T)).toEqual(['no-order']);
});

test('accepts an empty slot if a deletion had no response', () => {
  const lost = op('delete', 20, { session: 's', generation: 1, outcome: 'unknown' });
  const next = op('start', 60, { told: { outcome: 'created', session: 'u', generation: 2 } });
  const gone = aSession('s', { deleted: true });
  expect(rules([created, lost, next], gone, aSession('u', { generation: 2 }))).toEqual([]);
  expect(rules([created, next], gone, aSession('u', { generation: 2 }))).toEqual(['no-order']);
});

test('starts from the state of the slot before the history', () => {
  const before = {
    sessions: new Set(['s']),
    conversations: new Set<string>(),
    slots: new Map([['task/run/standard', { generation: 6, live: 's' }]]),
  };
  const predecessorOf = { session: 's', generation: 6 };
  const next = (generation: number) =>
    op('start', 40, { told: { outcome: 'replaced', session: 't', generation, predecessor: predecessorOf } });
  const old = aSession('s', { generation: 6, deleted: true, replacedBy: 't' });
  const verdict = (generation: number) =>
    rulesOf(
      verdictOf(checkSlots(), [wrote(0, 's'), next(generation)], {
        final: finalOf([old, aSession('t', { generation, predecessor: 's' })], { before }),
      }),
    );
  expect(verdict(7)).toEqual([]);
  expect(verdict(9)).toEqual(['no-order']);
});
