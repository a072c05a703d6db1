import { describe, expect, test, vi } from 'vitest';
import { deadlineIn } from './deadline.ts';
import { LockAborted, LockTimeout } from './lock-errors.ts';
import { createTurnstile } from './turnstile.ts';

const endless = deadlineIn(60_000, () => 0);

describe('the turnstile', () => {
  test('admits one caller at a time, in order of arrival', async () => {
    const turnstile = createTurnstile();
    const entered: number[] = [];
    let inside = 0;
    await Promise.all(
      Array.from({ length: 20 }, async (_, number) => {
        const leave = await turnstile.enter('slot', endless);
        inside += 1;
        expect(inside).toBe(1);
        entered.push(number);
        await Promise.resolve();
        inside -= 1;
        leave();
      }),
    );
    expect(entered).toEqual(Array.from({ length: 20 }, (_, number) => number));
    expect(turnstile.isTaken('slot')).toBe(false);
  });

  test('does not make callers of different slots wait for each other', async () => {
    const turnstile = createTurnstile();
    const leave = await turnstile.enter('one', endless);
    const leaveOther = await turnstile.enter('other', endless);
    expect([turnstile.isTaken('one'), turnstile.isTaken('other'), turnstile.isTaken('third')]).toEqual([
      true,
      true,
      false,
    ]);
    leave();
    leaveOther();
  });

  test('admits no further caller if the leave function is called twice', async () => {
    const turnstile = createTurnstile();
    const first = await turnstile.enter('slot', endless);
    const second = turnstile.enter('slot', endless);
    const third = turnstile.enter('slot', endless);
    first();
    first();
    const leaveSecond = await second;
    let thirdIsIn = false;
    void third.then(() => {
      thirdIsIn = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(thirdIsIn).toBe(false);
    leaveSecond();
    (await third)();
    expect(turnstile.isTaken('slot')).toBe(false);
  });

  test('rejects a caller that is aborted on arrival or while waiting', async () => {
    const turnstile = createTurnstile();
    const leave = await turnstile.enter('slot', endless);
    await expect(turnstile.enter('slot', { ...endless, signal: AbortSignal.abort() })).rejects.toBeInstanceOf(
      LockAborted,
    );
    const caller = new AbortController();
    const waiting = turnstile.enter('slot', { ...endless, signal: caller.signal });
    const next = turnstile.enter('slot', endless);
    caller.abort();
    await expect(waiting).rejects.toBeInstanceOf(LockAborted);
    leave();
    (await next)();
    expect(turnstile.isTaken('slot')).toBe(false);
  });

  test('rejects a caller whose time for waiting is over, and the queue continues', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const turnstile = createTurnstile();
      const leave = await turnstile.enter('slot', endless);
      const impatient = turnstile.enter(
        'slot',
        deadlineIn(100, () => 0),
      );
      const patient = turnstile.enter('slot', endless);
      const refused = expect(impatient).rejects.toBeInstanceOf(LockTimeout);
      vi.advanceTimersByTime(90);
      await refused;
      leave();
      (await patient)();
      expect(turnstile.isTaken('slot')).toBe(false);
      // An admitted caller has no timer left that could reject it, or keep the process alive.
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  test('leaves no listener on a signal that outlives the wait', async () => {
    const turnstile = createTurnstile();
    const { signal } = new AbortController();
    const listeners = vi.spyOn(signal, 'removeEventListener');
    const leave = await turnstile.enter('slot', endless);
    const waiting = turnstile.enter('slot', { ...endless, signal });
    leave();
    (await waiting)();
    expect(listeners).toHaveBeenCalledWith('abort', expect.any(Function));
  });
});
