import { expect, test } from 'vitest';
import { outlastFailures } from './outlast-failures.ts';

const HOURS = 3_600_000;

/** Each lookup is answered by the test, in whatever order. */
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

test('a lookup that fails is answered with what the last one found, for six hours', async () => {
  const { world, answer, fail } = lookups();
  await answer('as it was');
  world.now = 6 * HOURS - 1;
  expect(await fail()).toBe('as it was');
  world.now = 6 * HOURS;
  await expect(fail()).rejects.toThrow('database away');
});

test('failures do not make it last longer, an answer does', async () => {
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

test('what was never found fails, and what is found no more is not found in the next failure either', async () => {
  const { answer, fail } = lookups();
  await expect(fail('b')).rejects.toThrow('database away');
  await answer('as it was');
  expect(await answer(undefined)).toBeUndefined();
  await expect(fail()).rejects.toThrow('database away');
});

test('a lookup that is not answered in time is a failure, and its answer counts for the next', async () => {
  const { asked, ask, answer, fail } = lookups();
  await answer('as it was');
  expect(await ask('a', 1)).toBe('as it was');
  asked.at(-1)?.resolve(undefined);
  await asked.at(-1)?.promise;
  await expect(fail()).rejects.toThrow('database away');
});

test('an answer does not replace that to a lookup that began later', async () => {
  const { world, asked, answer, fail, outlasting } = lookups();
  await answer('as it was');
  const earlier = outlasting.find('a');
  world.now = 1;
  await answer(undefined);
  asked[1]?.resolve('as it was');
  await earlier;
  await expect(fail()).rejects.toThrow('database away');
});

test('nothing is known after something changed here, also of a lookup that began before', async () => {
  const { asked, answer, fail, outlasting } = lookups();
  await answer('as it was');
  const earlier = outlasting.find('a');
  outlasting.forget();
  asked.at(-1)?.resolve('as it was');
  await earlier;
  await expect(fail()).rejects.toThrow('database away');
});
