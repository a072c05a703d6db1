import { setImmediate } from 'node:timers/promises';
import { eventually } from '@phaselock/testkit';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { createLoadShedder, watchEventLoopDelay } from './shed-load.ts';

const shedder = (waiting: number, delayMs: number) =>
  createLoadShedder({
    poolWaiting: () => waiting,
    maxPoolWaiting: 10,
    eventLoopDelayMs: () => delayMs,
    maxEventLoopDelayMs: 100,
  });

describe('the reason to shed a request', () => {
  test.each([
    { waiting: 10, delayMs: 100, normal: undefined, high: undefined },
    { waiting: 11, delayMs: 0, normal: 'pool', high: undefined },
    { waiting: 21, delayMs: 0, normal: 'pool', high: 'pool' },
    { waiting: 0, delayMs: 101, normal: 'event-loop', high: undefined },
    { waiting: 0, delayMs: 201, normal: 'event-loop', high: 'event-loop' },
  ])('at $waiting waiting and $delayMs ms of delay is $normal for normal priority, $high for high', (load) => {
    const { check } = shedder(load.waiting, load.delayMs);
    expect(check('normal')).toBe(load.normal);
    expect(check('high')).toBe(load.high);
  });
});

describe('the delay of the event loop', () => {
  async function fallBehind(): Promise<void> {
    const until = performance.now() + 120;
    while (performance.now() < until);
    await setImmediate();
  }

  test('is measured while the loop is late, and drops when it is not', async () => {
    using delay = watchEventLoopDelay();
    await eventually(async () => {
      await fallBehind();
      expect(delay.recentMs()).toBeGreaterThan(30);
    });
    await eventually(() => expect(delay.recentMs()).toBeLessThan(20));
  });

  test('stays low for one long task, as at process start, and rises for several in a row', () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    onTestFinished(() => void vi.useRealTimers());
    let at = 0;
    using delay = watchEventLoopDelay({ now: () => at, cpuMs: () => at });
    const after = (...tasks: readonly number[]): number =>
      Math.max(
        ...tasks.map((ms) => {
          at += ms;
          vi.advanceTimersByTime(20);
          return delay.recentMs();
        }),
      );
    const idle = Array.from({ length: 30 }, () => 20);
    expect(after(900, ...idle)).toBeLessThan(200);
    expect(after(...Array.from({ length: 10 }, () => 300))).toBe(280);
    expect(after(...idle)).toBe(280);
    after(...idle);
    expect(after(...idle)).toBe(0);
  });

  test('does not count lateness during which this process used no CPU time', async () => {
    let samples = 0;
    const cpuMs = (): number => {
      samples += 1;
      return 0;
    };
    using delay = watchEventLoopDelay({ now: () => performance.now(), cpuMs });
    for (const before = samples; samples < before + 20; ) {
      await fallBehind();
      expect(delay.recentMs()).toBe(0);
    }
  });
});

describe('at most half of the queue for one caller', () => {
  const load = (poolWaiting: number) =>
    createLoadShedder({
      poolWaiting: () => poolWaiting,
      maxPoolWaiting: 10,
      eventLoopDelayMs: () => 0,
      maxEventLoopDelayMs: 10,
    });

  test.each([
    ['refuses a caller with more than half while more than half is taken', 6, 6, 'normal', 'caller'],
    ['accepts a caller with half', 10, 5, 'normal', undefined],
    ['accepts any caller while half is free', 5, 100, 'normal', undefined],
    ['accepts high priority up to twice that share', 10, 11, 'high', undefined],
    ['refuses high priority above twice that share', 11, 11, 'high', 'caller'],
  ] as const)('%s', (_, waiting, inFlight, priority, reason) => {
    expect(load(waiting).checkCaller(priority, inFlight)).toBe(reason);
  });
});
