import { eventually } from '@phaselock/testkit';
import { expect, it } from 'vitest';
import { createCoalescedSender } from './coalesced-sender.ts';

function setUp(options: { works?: () => Promise<boolean>; maxWaiting?: number } = {}) {
  const { works = async () => true, ...rest } = options;
  const batches: string[][] = [];
  const settled: [boolean, number][] = [];
  const sender = createCoalescedSender({
    send: (texts) => {
      batches.push(texts);
      return works();
    },
    onSettled: (sent, messages) => settled.push([sent, messages]),
    ...rest,
  });
  const add = (key: string, version: number) => sender.add({ key, version, text: `${key}@${version}` });
  return { sender, add, batches, settled };
}

it('sends what comes together as one, the newest for each slot', async () => {
  const { add, batches, settled } = setUp();
  await Promise.all([add('a', 2), add('b', 1), add('a', 3), add('a', 1)]);
  expect(batches).toEqual([['a@3', 'b@1']]);
  expect(settled).toEqual([[true, 2]]);
});

it('lets not knowing the version win over any version', async () => {
  const { add, batches } = setUp();
  await Promise.all([add('a', 2), add('a', 0), add('a', 9)]);
  expect(batches).toEqual([['a@0']]);
});

it('sends the next ones only when the last are through', async () => {
  const first = Promise.withResolvers<boolean>();
  const order: string[] = [];
  const { add, batches } = setUp({
    async works() {
      order.push('begun');
      await first.promise;
      order.push('through');
      return true;
    },
  });
  const one = add('a', 1);
  await eventually(() => batches.length === 1);
  const two = add('b', 1);
  // One that began later and waits as long: when it is through, the second has had its time.
  await setUp().add('c', 1);
  first.resolve(true);
  await Promise.all([one, two]);
  expect(batches).toEqual([['a@1'], ['b@1']]);
  expect(order).toEqual(['begun', 'through', 'begun', 'through']);
});

it.each([
  ['says so', async () => false],
  ['rejects', () => Promise.reject(new Error('gone'))],
])('counts what could not be sent, when sending %s', async (_, works) => {
  const { add, settled } = setUp({ works });
  await Promise.all([add('a', 1), add('b', 1)]);
  expect(settled).toEqual([[false, 2]]);
});

it('gives up what does not fit', async () => {
  const { add, batches, settled } = setUp({ maxWaiting: 1 });
  await Promise.all([add('a', 1), add('b', 1), add('a', 2)]);
  expect(batches).toEqual([['a@2']]);
  expect(settled).toEqual([
    [false, 1],
    [true, 1],
  ]);
});

it('sends what is left when it is closed', async () => {
  const { sender, add, batches } = setUp();
  void add('a', 1);
  await sender[Symbol.asyncDispose]();
  expect(batches).toEqual([['a@1']]);
});
