import { describe, expect, test } from 'vitest';
import { serverClock } from './server-clock.ts';

const OURS = 1_000;

function clockAt(start = OURS) {
  let at = start;
  const clock = serverClock(() => at);
  /** Simulates an answer of a server whose clock is `ahead` ms ahead, with these times for the way there and back. */
  const ask = (ahead: number, [there, back]: readonly [number, number]) => {
    const sentAt = at;
    at += there;
    const said = at + ahead;
    at += back;
    clock.heard(said, sentAt);
  };
  return { clock, ask, now: () => at, pass: (ms: number) => (at += ms) };
}

describe('the estimated server time', () => {
  test('is null before the first answer', () => {
    expect(clockAt().clock.in(10)).toBeNull();
  });

  test.each([
    [-50_000, [5, 5]],
    [0, [0, 0]],
    [7_000, [30, 1]],
    [7_000, [1, 30]],
  ] as const)('is never early, and at most one round trip late (%i ms ahead, %j)', (ahead, way) => {
    const { clock, ask, now } = clockAt();
    ask(ahead, way);
    const late = (clock.in(100) ?? Number.NaN) - (now() + 100 + ahead);
    expect(late).toBeGreaterThanOrEqual(0);
    expect(late).toBeLessThanOrEqual(way[0] + way[1]);
  });

  test('has a lower bound that allows for drift, and is null before the first answer', () => {
    expect(clockAt().clock.since()).toBeNull();
    const { clock, ask, now } = clockAt();
    ask(7_000, [30, 30]);
    const early = now() + 7_000 - (clock.since() ?? Number.NaN);
    expect(early).toBeGreaterThanOrEqual(1_000);
    expect(early).toBeLessThanOrEqual(1_060);
  });

  test('is more exact after a faster answer, and not less exact after a slower one', () => {
    const { clock, ask, now } = clockAt();
    ask(500, [100, 100]);
    ask(500, [1, 1]);
    ask(500, [400, 400]);
    expect((clock.in(0) ?? Number.NaN) - (now() + 500)).toBeLessThanOrEqual(2);
  });

  test.each([-60_000, 60_000])('follows a server clock that was set by %i ms', (step) => {
    const { clock, ask, now } = clockAt();
    ask(500, [1, 1]);
    ask(500 + step, [1, 1]);
    const late = (clock.in(0) ?? Number.NaN) - (now() + 500 + step);
    expect(late).toBeGreaterThanOrEqual(0);
    expect(late).toBeLessThanOrEqual(2);
  });

  test('follows a faster server clock within one round trip', () => {
    const { clock, ask, now, pass } = clockAt();
    for (let ahead = 0; ahead < 1_000; ahead += 1) {
      ask(ahead, [2, 2]);
      pass(1_000);
    }
    expect(Math.abs((clock.in(0) ?? Number.NaN) - (now() + 999))).toBeLessThanOrEqual(4);
  });
});
