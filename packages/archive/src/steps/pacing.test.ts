import { expect, test } from 'vitest';
import { createPace } from './pacing.ts';

function aPace(budget: { sessionsPerSecond: number; bytesPerSecond: number }) {
  let clock = 0;
  let poolWait = 0;
  const rests: number[] = [];
  const pace = createPace({
    ...budget,
    poolWaitMs: () => poolWait,
    now: () => clock,
    sleep: async (ms) => {
      rests.push(ms);
      clock += ms;
    },
  });
  return {
    rests,
    wait: (ms: number) => {
      poolWait = ms;
    },
    async work(tookMs: number, sessions: number, bytes = 0) {
      clock += tookMs;
      await pace({ sessions, bytes });
    },
  };
}

test('pauses for the rest of the time that the limit allows for the work', async () => {
  const { rests, work } = aPace({ sessionsPerSecond: 10, bytesPerSecond: 1_000 });
  await work(300, 10);
  await work(100, 1, 5_000);
  expect(rests).toEqual([700, 4_900]);
});

test('does not pause when the work took longer than the limit allows, or when there is no limit', async () => {
  const slow = aPace({ sessionsPerSecond: 10, bytesPerSecond: 0 });
  await slow.work(5_000, 10);
  const free = aPace({ sessionsPerSecond: 0, bytesPerSecond: 0 });
  await free.work(5, 1_000, 1_000_000);
  expect([...slow.rests, ...free.rests]).toEqual([]);
});

test('doubles the pauses while connections are scarce and then halves them, with and without a limit', async () => {
  const { rests, wait, work } = aPace({ sessionsPerSecond: 10, bytesPerSecond: 0 });
  wait(51);
  for (let times = 0; times < 3; times += 1) await work(500, 10);
  wait(0);
  for (let times = 0; times < 4; times += 1) await work(500, 10);
  expect(rests).toEqual([1_500, 3_500, 7_500, 3_500, 1_500, 500, 500]);

  const free = aPace({ sessionsPerSecond: 0, bytesPerSecond: 0 });
  free.wait(100);
  await free.work(500, 10);
  expect(free.rests).toEqual([500]);
});
