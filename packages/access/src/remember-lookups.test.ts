import { describe, expect, test } from 'vitest';
import { rememberLookups } from './remember-lookups.ts';

/** The test resolves each lookup itself, in any order. */
function lookups() {
  const world = { now: 0 };
  const asked: PromiseWithResolvers<string | undefined>[] = [];
  const find = (): Promise<string | undefined> => {
    const one = Promise.withResolvers<string | undefined>();
    asked.push(one);
    return one.promise;
  };
  const { recent, fresh, forget } = rememberLookups({ find, now: () => world.now });
  const remember = async (found: string): Promise<void> => {
    const looking = recent('a');
    asked.at(-1)?.resolve(found);
    await looking;
  };
  return { world, asked, recent, fresh, forget, remember };
}

describe('a fresh lookup', () => {
  test('runs although a result is remembered, and replaces it', async () => {
    const { world, asked, recent, fresh, remember } = lookups();
    await remember('as it was');
    world.now = 1_000;
    const looking = fresh('a');
    expect(await recent('a')).toBe('as it was');
    asked.at(-1)?.resolve(undefined);
    await looking;
    expect(await recent('a')).toBeUndefined();
    world.now = 4_999;
    expect(await recent('a')).toBeUndefined();
    expect(asked).toHaveLength(2);
  });

  test('keeps the remembered result if it fails', async () => {
    const { asked, recent, fresh, remember } = lookups();
    await remember('as it was');
    const looking = fresh('a');
    asked.at(-1)?.reject(new Error('database away'));
    await expect(looking).rejects.toThrow('database away');
    expect(await recent('a')).toBe('as it was');
  });

  test('is not remembered if forget() was called before its result', async () => {
    const { asked, recent, fresh, forget } = lookups();
    const looking = fresh('a');
    forget();
    asked.at(-1)?.resolve('as it was');
    await looking;
    void recent('a');
    expect(asked).toHaveLength(2);
  });

  test('does not replace the result of a lookup that began later', async () => {
    const { world, asked, recent, fresh } = lookups();
    const first = fresh('a');
    world.now = 1;
    const second = fresh('a');
    asked[1]?.resolve(undefined);
    await second;
    asked[0]?.resolve('as it was');
    await first;
    expect(await recent('a')).toBeUndefined();
  });
});
