import { eventually } from '@phaselock/testkit';
import { describe, expect, test } from 'vitest';
import { type Caller, LOCAL } from './caller.ts';
import { watchCallers } from './watch-callers.ts';

const READER: Caller = { ...LOCAL, kind: 'key', id: 'key:1', scopes: ['sessions:read'] };

function asked() {
  const count = new Map<string, number>();
  const world: { answer: (credential: string) => Promise<Caller | undefined> } = { answer: async () => READER };
  const watching = watchCallers({
    ask: (credential) => {
      count.set(credential, (count.get(credential) ?? 0) + 1);
      return world.answer(credential);
    },
    everyMs: 1,
  });
  return { watching, world, times: (credential: string) => count.get(credential) ?? 0 };
}

function watcher(holds: (caller: Caller) => boolean = () => true) {
  const seen = { lost: 0 };
  const lost = (): void => {
    seen.lost += 1;
  };
  return { holds, lost, seen };
}

/** Waits until another watch with the same interval has made several rounds. */
async function severalRounds(): Promise<void> {
  const { watching, times } = asked();
  watching.watch('a metronome', watcher());
  await eventually(() => times('a metronome') > 5);
  await watching[Symbol.asyncDispose]();
}

describe('a watched credential', () => {
  test('is checked once a round for any number of watchers, and no longer after the last one has left', async () => {
    const { watching, times } = asked();
    const leave = [...Array.from({ length: 20 }, () => 'many'), 'one'].map((each) => watching.watch(each, watcher()));
    await eventually(() => times('one') > 5);
    expect(Math.abs(times('many') - times('one'))).toBeLessThanOrEqual(1);
    for (const each of leave) each();
    const before = times('one');
    await severalRounds();
    expect(times('one') - before).toBeLessThanOrEqual(1);
    watching.watch('one', watcher());
    await eventually(() => times('one') > before + 5);
    await watching[Symbol.asyncDispose]();
  });

  test('is reported lost once to each watcher when it is no longer accepted', async () => {
    const { watching, world } = asked();
    const both = [watcher(), watcher()];
    for (const each of both) watching.watch('a', each);
    world.answer = async () => undefined;
    await eventually(() => both.every(({ seen }) => seen.lost > 0));
    await severalRounds();
    expect(both.map(({ seen }) => seen.lost)).toEqual([1, 1]);
  });

  test('is reported lost only to watchers that need a scope it no longer has', async () => {
    await using watching = asked().watching;
    const [reads, replaces] = [watcher(), watcher(({ scopes }) => scopes.includes('sessions:replace'))];
    for (const each of [reads, replaces]) watching.watch('a', each);
    await eventually(() => replaces.seen.lost === 1);
    expect(reads.seen.lost).toBe(0);
  });

  test('is not reported lost when a check fails, and is checked again', async () => {
    const { watching, world, times } = asked();
    world.answer = async () => Promise.reject(new Error('database away'));
    const one = watcher();
    watching.watch('a', one);
    await eventually(() => times('a') > 5);
    expect(one.seen.lost).toBe(0);
    world.answer = async () => undefined;
    await eventually(() => one.seen.lost === 1);
  });

  test('is not checked again while a slow check is in progress, unless askNow() is called', async () => {
    const { watching, world, times } = asked();
    const slow = Promise.withResolvers<Caller | undefined>();
    world.answer = () => slow.promise;
    const one = watcher();
    watching.watch('a', one);
    await severalRounds();
    expect(times('a')).toBe(1);
    world.answer = async () => undefined;
    watching.askNow();
    expect(times('a')).toBe(2);
    await eventually(() => one.seen.lost === 1);
    slow.resolve(READER);
    await watching[Symbol.asyncDispose]();
  });
});
