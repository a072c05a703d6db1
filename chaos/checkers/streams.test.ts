import { expect, test } from 'vitest';
import type { Entry } from '../history/operation.ts';
import { aSession, change, createScript, finalOf, rulesOf, verdictOf } from '../testing/planted.ts';
import { checkStreams } from './streams.ts';

const ONE = change('1-1', 's', 'created');
const TWO = change('2-2', 's', 'turn-started', { connection: 1 });
const EVENTS = [
  { id: 1, type: 'created' },
  { id: 2, type: 'turn-started' },
];
const rules = (entries: readonly Entry[], places = ['1-1', '2-2'], events = EVENTS) =>
  rulesOf(
    verdictOf(checkStreams(), entries, {
      final: finalOf([aSession('s', { events })]),
      changes: new Map([['p', places]]),
    }),
  );

test('a follower must receive each change once and in order', () => {
  expect(rules([ONE, TWO])).toEqual([]);
  expect(rules([ONE, TWO, change('3-3', 's', 'other')], ['1-1', '2-2'], [...EVENTS, { id: 3, type: 'other' }])).toEqual(
    ['change-invented'],
  );
  expect(rules([ONE, TWO], ['1-1', '2-2', '3-3'])).toEqual(['change-lost']);
  expect(rules([TWO, ONE], ['1-1', '2-2'], EVENTS.toReversed())).toEqual(['change-order']);
  expect(rules([ONE, TWO, TWO], ['1-1', '2-2'], [...EVENTS, ...EVENTS.slice(1)])).toEqual(['change-twice']);
});

test('the changes of a session must equal its stored events', () => {
  expect(rules([ONE, TWO], ['1-1', '2-2'], EVENTS.slice(0, 1))).toEqual(['other-events']);
});

test('acknowledged turns and deletions must be among the changes', () => {
  const op = createScript();
  const turn = op('turn', 0, { told: { session: 's', process: 'a' } });
  expect(rules([turn, ONE, TWO])).toEqual([]);
  expect(rules([turn, ONE], ['1-1'], EVENTS.slice(0, 1))).toEqual(['change-missing']);
  const removed = op('delete', 0, { session: 's', told: {} });
  expect(rules([removed, ONE, TWO])).toEqual(['change-missing']);
});
