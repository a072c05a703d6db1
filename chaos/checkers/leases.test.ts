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

describe('the lease of a slot', () => {
  test('may be granted to a second process after the lease of the first expired', () => {
    const op = createScript();
    const entries = [op('turn', 0, begin('s', 'a')), op('turn', LEASE_MS + 5, begin('s', 'b'))];
    expect(rules(entries)).toEqual([]);
    expect(verdictOf(checkLeases(LEASE_MS), entries).compared['lease intervals']).toBe(1);
  });

  test('must not be granted to a second process before the lease of the first expired', () => {
    const op = createScript();
    expect(rules([op('turn', 0, begin('s', 'a')), op('turn', 500, begin('s', 'b'))])).toEqual(['two-holders']);
  });

  test('is extended by an acknowledged heartbeat', () => {
    const op = createScript();
    const entries = [
      op('turn', 0, begin('s', 'a')),
      op('heartbeat', 800, beat('a', 'continue')),
      op('turn', 1_500, begin('s', 'b')),
    ];
    expect(rules(entries)).toEqual(['two-holders']);
  });

  test('is not extended by a heartbeat without a response', () => {
    const op = createScript();
    const lost = op('heartbeat', 800, { session: 's', process: 'a', generation: 1, outcome: 'unknown' });
    expect(rules([op('turn', 0, begin('s', 'a')), lost, op('turn', 1_500, begin('s', 'b'))])).toEqual([]);
  });

  test('may end when a finish is sent, with or without a response', () => {
    const op = createScript();
    const lost = op('finish', 100, { session: 's', process: 'a', outcome: 'unknown', until: 9_000 });
    expect(rules([op('turn', 0, begin('s', 'a')), lost, op('turn', 200, begin('s', 'b'))])).toEqual([]);
  });

  test('counts from the first attempt of a turn repeated under its key', () => {
    const op = createScript();
    const entries = [
      op('turn', 0, { ...begin('s', 'a'), key: 'k', outcome: 'unknown' }),
      op('turn', 900, { ...begin('s', 'a'), key: 'k' }),
      op('turn', 1_200, begin('s', 'b')),
    ];
    expect(rules(entries)).toEqual([]);
  });

  test('is independent of other slots', () => {
    const op = createScript();
    const other = op('turn', 500, { ...begin('t', 'b'), slot: 'task/plan/standard' });
    expect(rules([op('turn', 0, begin('s', 'a')), other])).toEqual([]);
  });
});

test('reports a heartbeat answered with continue after one answered with stop', () => {
  const op = createScript();
  const entries = [
    op('turn', 0, begin('s', 'a')),
    op('heartbeat', 100, beat('a', 'stop', 'replaced')),
    op('heartbeat', 200, beat('a', 'continue')),
  ];
  expect(rules(entries)).toEqual(['lease-after-stop']);
});

test('ignores a stop answer to a heartbeat under another generation', () => {
  const op = createScript();
  const entries = [
    op('turn', 0, begin('s', 'a')),
    op('heartbeat', 100, { ...beat('a', 'stop', 'stale'), generation: 2 }),
    op('heartbeat', 200, beat('a', 'continue')),
  ];
  expect(rules(entries)).toEqual([]);
});
