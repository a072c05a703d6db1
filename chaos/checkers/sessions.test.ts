import { expect, test } from 'vitest';
import type { Entry } from '../history/operation.ts';
import type { FinalSession } from '../read-back.ts';
import { aProcess, aSession, createScript, finalOf, rulesOf, verdictOf } from '../testing/planted.ts';
import { checkSessions } from './sessions.ts';

const rules = (entries: readonly Entry[], sessions: readonly FinalSession[]) =>
  rulesOf(verdictOf(checkSessions(), entries, { final: finalOf(sessions) }));
const op = createScript();
const created = op('start', 0, { key: 'k', told: { outcome: 'created', session: 's', generation: 1 } });
const told = { session: 's', generation: 1, process: 'a', seq: 1, passed: null, replaced: null };
const turned = op('turn', 20, { session: 's', asked: { attempt: 'attempt' }, told });
const withProcess = (said = {}) => [aSession('s', { processes: [aProcess('a', said)] })];

test('acknowledged sessions and processes must exist unchanged', () => {
  expect(rules([created, turned], withProcess())).toEqual([]);
  expect(rules([created], [])).toEqual(['session-lost']);
  expect(rules([created], [aSession('s', { generation: 2 })])).toEqual(['session-changed']);
  expect(rules([created, turned], [aSession('s')])).toEqual(['process-lost']);
  expect(rules([created, turned], withProcess({ seq: 2 }))).toEqual(['process-changed']);
  expect(rules([created, turned], withProcess({ passed: 'id' }))).toEqual(['process-changed']);
});

test('an acknowledged replacement must be stored in the replaced session', () => {
  const predecessor = { session: 's', generation: 1 };
  const replaced = op('start', 40, { told: { outcome: 'replaced', session: 't', generation: 2, predecessor } });
  const successor = aSession('t', { generation: 2, predecessor: 's' });
  expect(rules([created, replaced], [aSession('s', { deleted: true, replacedBy: 't' }), successor])).toEqual([]);
  expect(rules([created, replaced], [aSession('s'), successor])).toEqual(['replace-lost']);
});

test('a session must be deleted if and only if a client deleted it', () => {
  const removed = op('delete', 40, { session: 's', told: {} });
  expect(rules([created, removed], [aSession('s', { deleted: true })])).toEqual([]);
  expect(rules([created, removed], [aSession('s')])).toEqual(['delete-lost']);
  expect(rules([created], [aSession('s', { deleted: true })])).toEqual(['deleted-by-nobody']);
});

test('each unacknowledged session needs its own request without a response', () => {
  const lost = op('start', 60, { key: 'lost', outcome: 'unknown' });
  const again = op('start', 80, { key: 'lost', outcome: 'unknown' });
  const stranger = aSession('x', { generation: 2 });
  expect(rules([created, lost], [aSession('s'), stranger])).toEqual([]);
  expect(rules([created], [aSession('s'), stranger])).toEqual(['session-invented']);
  const another = aSession('y', { generation: 3 });
  expect(rules([created, lost, again], [aSession('s'), stranger, another])).toEqual(['session-invented']);
  expect(rules([created], withProcess())).toEqual(['process-invented']);
});

test('one idempotency key must lead to one session', () => {
  const other = op('start', 90, { key: 'k', told: { outcome: 'created', session: 't', generation: 2 } });
  const after = aSession('t', { generation: 2 });
  expect(rules([created, other], [aSession('s'), after])).toEqual(['key-twice']);
  expect(rules([created, other], [aSession('s', { purgedAt: 50 }), after])).toEqual([]);
});
