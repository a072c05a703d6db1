import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createPulse } from './pulse.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] }));
afterEach(() => void vi.useRealTimers());

function setUp() {
  const sent: number[] = [];
  const happened: string[] = [];
  const pulse = createPulse({
    now: () => performance.now(),
    send: async (sentAt) => void sent.push(sentAt),
    onRecovered: () => happened.push('recovered'),
    onLost: () => happened.push('lost'),
    heal: () => happened.push('heal'),
  });
  const comesBack = () => pulse.seen(sent.at(-1) ?? Number.NaN);
  return { pulse, sent, happened, comesBack };
}

describe('a bus', () => {
  it('is healthy after its beat came back and the listeners were reset', () => {
    const { pulse, happened, comesBack } = setUp();
    expect(pulse.healthy()).toBe(false);
    comesBack();
    expect(pulse.healthy()).toBe(true);
    expect(happened).toEqual(['recovered']);
  });

  it('stays healthy as long as its beats come back', async () => {
    const { pulse, happened, comesBack } = setUp();
    comesBack();
    for (let beats = 0; beats < 20; beats += 1) {
      await vi.advanceTimersByTimeAsync(500);
      comesBack();
      expect(pulse.healthy()).toBe(true);
    }
    expect(happened).toEqual(['recovered']);
  });

  it('is unhealthy 1.5 s after the last returned beat was sent', async () => {
    const { pulse, happened, comesBack } = setUp();
    comesBack();
    await vi.advanceTimersByTimeAsync(1_500);
    expect(pulse.healthy()).toBe(true);
    await vi.advanceTimersByTimeAsync(1);
    expect(pulse.healthy()).toBe(false);
    await vi.advanceTimersByTimeAsync(500);
    expect(happened).toEqual(['recovered', 'lost']);
    comesBack();
    expect(happened).toEqual(['recovered', 'lost', 'recovered']);
  });

  it('stays unhealthy if its beats come back regularly but too late', async () => {
    const { pulse, sent } = setUp();
    for (let beats = 0; beats < 20; beats += 1) {
      await vi.advanceTimersByTimeAsync(500);
      const sentLongAgo = sent.at(-5);
      if (sentLongAgo !== undefined) pulse.seen(sentLongAgo);
      expect(pulse.healthy()).toBe(false);
    }
  });

  it('ignores beats that were sent before its connection broke', async () => {
    const { pulse, happened, comesBack } = setUp();
    comesBack();
    pulse.interrupted();
    expect(pulse.healthy()).toBe(false);
    comesBack();
    expect(pulse.healthy()).toBe(false);
    await vi.advanceTimersByTimeAsync(500);
    comesBack();
    expect(pulse.healthy()).toBe(true);
    expect(happened).toEqual(['recovered', 'lost', 'recovered']);
  });

  it('resets even if no tick noticed the loss', async () => {
    const { pulse, sent, happened, comesBack } = setUp();
    comesBack();
    // The whole process was stopped: no tick happened in between.
    const now = performance.now() + 60_000;
    vi.spyOn(performance, 'now').mockReturnValue(now);
    sent.push(now - 1);
    comesBack();
    expect(pulse.healthy()).toBe(true);
    expect(happened).toEqual(['recovered', 'lost', 'recovered']);
    vi.restoreAllMocks();
  });

  it('requests a new connection repeatedly while it is unhealthy', async () => {
    const { happened } = setUp();
    await vi.advanceTimersByTimeAsync(10_500);
    expect(happened).toEqual(['heal', 'heal']);
  });

  it('sends one beat at a time', async () => {
    const stuck = vi.fn(() => new Promise<void>(() => {}));
    createPulse({ now: () => performance.now(), send: stuck, onRecovered: () => {}, onLost: () => {}, heal: () => {} });
    await vi.advanceTimersByTimeAsync(3_000);
    expect(stuck).toHaveBeenCalledOnce();
  });

  it('is unhealthy after it was disposed', async () => {
    const { pulse, sent, comesBack } = setUp();
    comesBack();
    pulse[Symbol.dispose]();
    expect(pulse.healthy()).toBe(false);
    const before = sent.length;
    await vi.advanceTimersByTimeAsync(5_000);
    expect(sent).toHaveLength(before);
  });
});
