import { describe, expect, test } from 'vitest';
import type { Entry } from '../history/operation.ts';
import { createScript, LEASE_MS, rulesOf, verdictOf } from '../testing/planted.ts';
import { checkLeases } from './leases.ts';

const begin = (session: string, process: string) => ({
  session,
  told: { session, process, generation: 1, seq: 1, replaced: null },
});
const beat = (process: string, outcome: string, why: string | null = null) => ({
  session: 's',
  process,
  generation: 1,
  told: { outcome, why },
});
const rules = (entries: readonly Entry[]) => rulesOf(verdictOf(checkLeases(LEASE_MS), entries));

describe('two processes never hold one slot', () => {
  test('the second begins when the lease of the first is over', () => {
    const op = createScript();
    const entries = [op('turn', 0, begin('s', 'a')), op('turn', LEASE_MS + 5, begin('s', 'b'))];
    expect(rules(entries)).toEqual([]);
    expect(verdictOf(checkLeases(LEASE_MS), entries).compared['lease intervals']).toBe(1);
  });

  test('the second is granted while the first is certain', () => {
    const op = createScript();
    expect(rules([op('turn', 0, begin('s', 'a')), op('turn', 500, begin('s', 'b'))])).toEqual(['two-holders']);
  });

  test('a heartbeat that went on keeps it certain for longer', () => {
    const op = createScript();
    const entries = [
      op('turn', 0, begin('s', 'a')),
      op('heartbeat', 800, beat('a', 'continue')),
      op('turn', 1_500, begin('s', 'b')),
    ];
    expect(rules(entries)).toEqual(['two-holders']);
  });

  test('a heartbeat without an answer keeps nothing', () => {
    const op = createScript();
    const lost = op('heartbeat', 800, { session: 's', process: 'a', generation: 1, outcome: 'unknown' });
    expect(rules([op('turn', 0, begin('s', 'a')), lost, op('turn', 1_500, begin('s', 'b'))])).toEqual([]);
  });

  test('a finish ends it from when it was sent, whether it was answered or not', () => {
    const op = createScript();
    const lost = op('finish', 100, { session: 's', process: 'a', outcome: 'unknown', until: 9_000 });
    expect(rules([op('turn', 0, begin('s', 'a')), lost, op('turn', 200, begin('s', 'b'))])).toEqual([]);
  });

  test('a turn told again under its key was granted at its first try', () => {
    const op = createScript();
    const entries = [
      op('turn', 0, { ...begin('s', 'a'), key: 'k', outcome: 'unknown' }),
      op('turn', 900, { ...begin('s', 'a'), key: 'k' }),
      op('turn', 1_200, begin('s', 'b')),
    ];
    expect(rules(entries)).toEqual([]);
  });

  test('other slots do not matter', () => {
    const op = createScript();
    const other = op('turn', 500, { ...begin('t', 'b'), slot: 'task/plan/standard' });
    expect(rules([op('turn', 0, begin('s', 'a')), other])).toEqual([]);
  });
});

test('one that was told to stop is never told to go on', () => {
  const op = createScript();
  const entries = [
    op('turn', 0, begin('s', 'a')),
    op('heartbeat', 100, beat('a', 'stop', 'replaced')),
    op('heartbeat', 200, beat('a', 'continue')),
  ];
  expect(rules(entries)).toEqual(['lease-after-stop']);
});

test('a heartbeat under another generation says nothing of the process', () => {
  const op = createScript();
  const entries = [
    op('turn', 0, begin('s', 'a')),
    op('heartbeat', 100, { ...beat('a', 'stop', 'stale'), generation: 2 }),
    op('heartbeat', 200, beat('a', 'continue')),
  ];
  expect(rules(entries)).toEqual([]);
});
