import { expect, test } from 'vitest';
import { leaveInTurn } from './leave-in-turn.ts';

function madeUpWorker() {
  const ready = Promise.withResolvers<{ url: string; metricsPort: number }>();
  const gone = Promise.withResolvers<string>();
  return {
    worker: { ready: ready.promise, gone: gone.promise },
    getReady: () => ready.resolve({ url: 'http://127.0.0.1:4700', metricsPort: 4_710 }),
    end: () => gone.resolve('exit code 0'),
  };
}

/** Lets all settled promises run their handlers. */
const heard = () => new Promise((resolve) => setImmediate(resolve));

async function scene(count: number) {
  const turns = leaveInTurn();
  const left: number[] = [];
  const enter = () => {
    const one = madeUpWorker();
    turns.enter(one.worker);
    return one;
  };
  const all = Array.from({ length: count }, enter);
  for (const one of all) one.getReady();
  await heard();
  const leave = (at: number) => void turns.mayLeave(all[at]?.worker ?? madeUpWorker().worker).then(() => left.push(at));
  return { all, left, enter, leave };
}

test('lets all but one leave at once, and the last one when another worker serves', async () => {
  const { left, enter, leave } = await scene(3);
  for (const at of [0, 1, 2]) leave(at);
  await heard();
  expect(left).toEqual([0, 1]);
  const next = enter();
  await heard();
  expect(left).toEqual([0, 1]);
  next.getReady();
  await heard();
  expect(left).toEqual([0, 1, 2]);
});

test('does not count a waiting worker that has ended', async () => {
  const { all, left, enter, leave } = await scene(2);
  leave(0);
  leave(1);
  await heard();
  all[1]?.end();
  await heard();
  const next = enter();
  next.getReady();
  await heard();
  expect(left).toEqual([0, 1]);
});
