import { expect, test } from 'vitest';
import { type Heard, takeInOrder } from './take-in-order.ts';

const told = async <Item>(all: AsyncIterable<Heard<string, Item>>): Promise<string[]> =>
  (await Array.fromAsync(all)).map((heard) => `${heard.task} ${heard.kind === 'item' ? heard.item : heard.kind}`);

/** Tasks that wait until the test opens them. */
function gates(names: readonly string[]) {
  const all = new Map(names.map((name) => [name, Promise.withResolvers<void>()]));
  const begun: string[] = [];
  return {
    begun,
    open: (name: string) => all.get(name)?.resolve(),
    async *work(name: string) {
      begun.push(name);
      await all.get(name)?.promise;
      yield 1;
      yield 2;
    },
  };
}

test('items come in the order of the tasks, whichever task ends first', async () => {
  const { begun, open, work } = gates(['a', 'b', 'c']);
  const heard = told(takeInOrder(['a', 'b', 'c'], 2, work));
  expect(begun).toEqual(['a', 'b']);
  open('c');
  open('b');
  // The lane of b continues with c while a still runs.
  await expect.poll(() => begun).toEqual(['a', 'b', 'c']);
  open('a');
  expect(await heard).toEqual(['a 1', 'a 2', 'a done', 'b 1', 'b 2', 'b done', 'c 1', 'c 2', 'c done']);
});

test('a task that fails, at once or later, is reported in its place, and the others continue', async () => {
  const work = (name: string): AsyncIterable<number> => {
    if (name === 'b') throw new Error('at once');
    return (async function* () {
      yield 1;
      if (name === 'a') throw new Error('later');
    })();
  };
  expect(await told(takeInOrder(['a', 'b', 'c'], 2, work))).toEqual(['a 1', 'a failed', 'b failed', 'c 1', 'c done']);
});

test('tasks wait for a slow consumer, and end when the consumer stops', async () => {
  let made = 0;
  let ended = false;
  const all = takeInOrder(['a', 'b'], 2, async function* () {
    try {
      for (;;) {
        made += 1;
        yield made;
      }
    } finally {
      ended = true;
    }
  });
  await all.next();
  await new Promise((resolve) => setImmediate(resolve));
  expect(made).toBeLessThan(3_000);
  await all.return(undefined);
  await expect.poll(() => ended).toBe(true);
});

test('an empty list of tasks yields nothing', async () => {
  expect(await told(takeInOrder([], 2, async function* () {}))).toEqual([]);
});
