import { expect, test } from 'vitest';
import { outlastFailures } from './outlast-failures.ts';

const HOURS = 3_600_000;

/** The test resolves each lookup itself, in any order. */
function lookups() {
  const world = { now: 0 };
  const asked: PromiseWithResolvers<string | undefined>[] = [];
  const find = (): Promise<string | undefined> => {
    const one = Promise.withResolvers<string | undefined>();
    asked.push(one);
    return one.promise;
  };
  const outlasting = outlastFailures({ find, now: () => world.now });
  const ask = (id = 'a', patienceMs = 60_000) => outlasting.orLast(id, outlasting.find(id), patienceMs);
  const answer = async (found: string | undefined): Promise<string | undefined> => {
    const asking = ask();
    asked.at(-1)?.resolve(found);
    return await asking;
  };
  const fail = async (id = 'a'): Promise<string | undefined> => {
    const asking = ask(id);
    asked.at(-1)?.reject(new Error('database away'));
    return await asking;
  };
  return { world, asked, ask, answer, fail, outlasting };
}

test('a failed lookup returns the last found result for six hours', async () => {
  const { world, answer, fail } = lookups();
  await answer('as it was');
  world.now = 6 * HOURS - 1;
  expect(await fail()).toBe('as it was');
  world.now = 6 * HOURS;
  await expect(fail()).rejects.toThrow('database away');
});

test('only a successful lookup starts a new period of six hours', async () => {
  const { world, answer, fail } = lookups();
  await answer('as it was');
  world.now = 5 * HOURS;
  await fail();
  world.now = 7 * HOURS;
  await expect(fail()).rejects.toThrow('database away');
  await answer('as it is');
  world.now = 12 * HOURS;
  expect(await fail()).toBe('as it is');
});

test('a failed lookup is rejected if the id was never found, or not found by the last lookup', async () => {
  const { answer, fail } = lookups();
  await expect(fail('b')).rejects.toThrow('database away');
  await answer('as it was');
  expect(await answer(undefined)).toBeUndefined();
  await expect(fail()).rejects.toThrow('database away');
});

test('a lookup that times out counts as failed, and its late result applies to the next failure', async () => {
  const { asked, ask, answer, fail } = lookups();
  await answer('as it was');
  expect(await ask('a', 1)).toBe('as it was');
  asked.at(-1)?.resolve(undefined);
  await asked.at(-1)?.promise;
  await expect(fail()).rejects.toThrow('database away');
});

test('a late result does not replace the result of a lookup that began later', async () => {
  const { world, asked, answer, fail, outlasting } = lookups();
  await answer('as it was');
  const earlier = outlasting.find('a');
  world.now = 1;
  await answer(undefined);
  asked[1]?.resolve('as it was');
  await earlier;
  await expect(fail()).rejects.toThrow('database away');
});

test('forget() discards all kept results, also those of lookups still in progress', async () => {
  const { asked, answer, fail, outlasting } = lookups();
  await answer('as it was');
  const earlier = outlasting.find('a');
  outlasting.forget();
  asked.at(-1)?.resolve('as it was');
  await earlier;
  await expect(fail()).rejects.toThrow('database away');
});
