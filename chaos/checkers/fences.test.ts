import { describe, expect, test } from 'vitest';
import type { Entry } from '../history/operation.ts';
import { createScript, rulesOf, verdictOf } from '../testing/planted.ts';
import { checkFences } from './fences.ts';

const rules = (entries: readonly Entry[]) => rulesOf(verdictOf(checkFences(), entries));
const replaces = {
  told: { outcome: 'replaced', session: 't', generation: 2, predecessor: { session: 's', generation: 1 } },
};
const turnOf = (process: string, seq: number) => ({
  session: 's',
  told: { session: 's', generation: 1, process, seq, replaced: null },
});
const of = (process: string) => ({ session: 's', generation: 1, process });

describe('after an acknowledged replacement', () => {
  test.each(['logs', 'agent-session', 'turn', 'stop'] as const)('reports accepted %s of the old generation', (kind) => {
    const op = createScript();
    expect(rules([op('start', 0, replaces), op(kind, 20, of('a'))])).toEqual(['stale-write']);
  });

  test('allows a write that was sent before the acknowledgement', () => {
    const op = createScript();
    expect(rules([op('start', 0, replaces), op('logs', 5, of('a'))])).toEqual([]);
  });

  test('allows a repeated request whose first attempt was sent earlier', () => {
    const op = createScript();
    const before = op('logs', -50, { ...of('a'), key: 'k', outcome: 'unknown', until: -20 });
    expect(rules([before, op('start', 0, replaces), op('logs', 20, { ...of('a'), key: 'k' })])).toEqual([]);
  });

  test('allows usage and finish of the old process', () => {
    const op = createScript();
    expect(rules([op('start', 0, replaces), op('usage', 20, of('a')), op('finish', 40, of('a'))])).toEqual([]);
  });

  test('reports a heartbeat answered with continue, but not with stop', () => {
    const op = createScript();
    const beat = (at: number, outcome: string) => op('heartbeat', at, { ...of('a'), told: { outcome, why: null } });
    expect(rules([op('start', 0, replaces), beat(20, 'stop')])).toEqual([]);
    expect(rules([op('start', 0, replaces), beat(20, 'continue')])).toEqual(['stale-write']);
  });

  test('treats replacement by a turn and deletion like a replacement by a start', () => {
    const op = createScript();
    const byTurn = op('turn', 0, { told: { session: 't', generation: 2, replaced: { session: 's', generation: 1 } } });
    expect(rules([byTurn, op('logs', 20, of('a'))])).toEqual(['stale-write']);
    expect(rules([op('delete', 0, { session: 's', told: {} }), op('logs', 20, of('a'))])).toEqual(['stale-write']);
  });
});

test('reports an accepted write of an earlier process after a later one began', () => {
  const op = createScript();
  const begun = [op('turn', 0, turnOf('a', 1)), op('turn', 100, turnOf('b', 2))];
  expect(rules([...begun, op('usage', 120, of('a'))])).toEqual(['stale-process']);
  expect(rules([...begun, op('usage', 105, of('a'))])).toEqual([]);
  expect(rules([...begun, op('usage', 120, of('b'))])).toEqual([]);
});

test('reports an accepted agent session id after the process ended', () => {
  const op = createScript();
  const ended = [op('turn', 0, turnOf('a', 1)), op('finish', 50, of('a'))];
  expect(rules([...ended, op('agent-session', 70, of('a'))])).toEqual(['write-after-end']);
  expect(rules([...ended, op('logs', 70, of('a'))])).toEqual([]);
});
