import { describe, expect, test } from 'vitest';
import { keepSpans } from './keep-spans.ts';
import type { Trace } from './trace-context.ts';

const OWN: Trace = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  parentId: undefined,
  isSampled: true,
};
const GIVEN: Trace = { ...OWN, parentId: '00f067aa0ba902b7' };

/** A sampler that records each trace id it is given and keeps none. */
function keeping() {
  const left: string[] = [];
  const world = { now: 0, left };
  const begins = (traceId: string): boolean => {
    left.push(traceId);
    return false;
  };
  return { world, keeps: keepSpans({ spans: { begins }, now: () => world.now }) };
}

test('keeps nothing without a collector or for a trace that is not sampled', () => {
  expect(keepSpans({ spans: undefined, now: () => 0 })(GIVEN, 'key:1')).toBe(false);
  const { keeps, world } = keeping();
  expect(keeps({ ...GIVEN, isSampled: false }, 'key:1')).toBe(false);
  expect(world.left).toEqual([]);
});

test('keeps a trace that began here', () => {
  expect(keeping().keeps(OWN, undefined)).toBe(true);
});

describe('a request of a caller that samples its own traces', () => {
  test('is kept if its credential was accepted', () => {
    expect(keeping().keeps(GIVEN, 'key:1')).toBe(true);
  });

  test('is sampled by a random id if the caller is not authenticated', () => {
    const { keeps, world } = keeping();
    expect([keeps(GIVEN, undefined), keeps(GIVEN, undefined)]).toEqual([false, false]);
    expect(new Set([...world.left, GIVEN.traceId]).size).toBe(3);
    expect(keepSpans({ spans: { begins: () => true }, now: () => 0 })(GIVEN, undefined)).toBe(true);
  });

  test('is kept up to six hundred times a minute per caller', () => {
    const { keeps, world } = keeping();
    const kept = (caller: string, times: number) =>
      Array.from({ length: times }, () => keeps(GIVEN, caller)).filter(Boolean).length;
    expect([kept('key:1', 700), kept('key:2', 10)]).toEqual([600, 10]);
    expect(world.left).toHaveLength(100);
    world.now = 60_000;
    expect(kept('key:1', 700)).toBe(600);
  });
});
