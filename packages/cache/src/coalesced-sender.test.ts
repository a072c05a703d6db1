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

it('concurrent messages are sent as one batch, only the newest per key', async () => {
  const { add, batches, settled } = setUp();
  await Promise.all([add('a', 2), add('b', 1), add('a', 3), add('a', 1)]);
  expect(batches).toEqual([['a@3', 'b@1']]);
  expect(settled).toEqual([[true, 2]]);
});

it('a message with an unknown version supersedes any version', async () => {
  const { add, batches } = setUp();
  await Promise.all([add('a', 2), add('a', 0), add('a', 9)]);
  expect(batches).toEqual([['a@0']]);
});

it('the next batch is sent only after the previous one has settled', async () => {
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
  // A sender that starts later and waits equally long: when it has sent, the second message has waited long enough.
  await setUp().add('c', 1);
  first.resolve(true);
  await Promise.all([one, two]);
  expect(batches).toEqual([['a@1'], ['b@1']]);
  expect(order).toEqual(['begun', 'through', 'begun', 'through']);
});

it.each([
  ['returns false', async () => false],
  ['rejects', () => Promise.reject(new Error('gone'))],
])('messages are counted as failed if send %s', async (_, works) => {
  const { add, settled } = setUp({ works });
  await Promise.all([add('a', 1), add('b', 1)]);
  expect(settled).toEqual([[false, 2]]);
});

it('a message beyond maxWaiting is given up', async () => {
  const { add, batches, settled } = setUp({ maxWaiting: 1 });
  await Promise.all([add('a', 1), add('b', 1), add('a', 2)]);
  expect(batches).toEqual([['a@2']]);
  expect(settled).toEqual([
    [false, 1],
    [true, 1],
  ]);
});

it('closing the sender sends the waiting messages', async () => {
  const { sender, add, batches } = setUp();
  void add('a', 1);
  await sender[Symbol.asyncDispose]();
  expect(batches).toEqual([['a@1']]);
});
