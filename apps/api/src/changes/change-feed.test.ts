import { AsyncLocalStorage } from 'node:async_hooks';
import { parseGeneration, parseProjectId, parseSessionId, parseTaskId } from '@phaselock/core';
import { type Change, type ChangePlace, isAfter } from '@phaselock/store';
import { eventually } from '@phaselock/testkit';
import { describe, expect, test } from 'vitest';
import { createChangeFeed } from './change-feed.ts';

const id = (number: number): string => `01936f6e-0000-7000-8000-${String(number).padStart(12, '0')}`;
const known = <Value>(value: Value | undefined): Value => {
  if (value === undefined) throw new Error('not an id');
  return value;
};
const task = (number: number) => known(parseTaskId(id(number)));
const FIRST = { kind: 'task', taskId: task(1) } as const;

/** A fake table of changes. `gate` can delay its tail query and make it fail. */
function changesTable() {
  const rows: Change[] = [];
  const gate = { tail: Promise.resolve(), failures: 0 };
  const end = (): ChangePlace => rows.at(-1)?.place ?? { tx: 0n, id: 0 };
  const read = {
    tail: async () => {
      await gate.tail;
      if (gate.failures > 0) {
        gate.failures -= 1;
        throw new Error('database away');
      }
      return end();
    },
    after: async (place: ChangePlace, limit: number) => rows.filter((row) => isAfter(row.place, place)).slice(0, limit),
    of: async (filter: object, place: ChangePlace, limit: number) => {
      const found = rows.filter((row) => isAfter(row.place, place) && Reflect.get(filter, 'taskId') === row.taskId);
      return found.slice(0, limit);
    },
  };
  const write = (taskNumber = 1): ChangePlace => {
    const place = { tx: BigInt(rows.length + 1), id: rows.length + 1 };
    rows.push({
      place,
      projectId: known(parseProjectId(id(100))),
      taskId: task(taskNumber),
      phase: 'run',
      mode: 'standard',
      sessionId: known(parseSessionId(id(200))),
      type: 'created',
      reason: null,
      generation: known(parseGeneration(1)),
      predecessorId: null,
      actor: null,
      at: new Date(0),
    });
    return place;
  };
  return { read, write, gate };
}

function listener() {
  const seen: number[] = [];
  const state = { failed: 0 };
  return {
    seen,
    state,
    taken: async () => undefined,
    change: ({ place }: Change) => void seen.push(place.id),
    failed: () => {
      state.failed += 1;
    },
  };
}

describe('a subscriber', () => {
  test('receives new changes of its own task only', async () => {
    const { read, write } = changesTable();
    await using feed = createChangeFeed(read, 1);
    write();
    const heard = listener();
    feed.subscribe(FIRST, undefined, heard);
    await eventually(() => {
      write(2);
      write();
      return heard.seen.length > 3;
    });
    expect(heard.seen).not.toContain(1);
    expect(heard.seen.every((number) => number % 2 === 1)).toBe(true);
  });

  test('that resumes receives missed changes and then new ones, each once and in order', async () => {
    const { read, write } = changesTable();
    await using feed = createChangeFeed(read, 1);
    const places = Array.from({ length: 1_200 }, () => write());
    const heard = listener();
    feed.subscribe(FIRST, places[9], heard);
    await eventually(() => {
      write();
      return heard.seen.length > 1_250;
    });
    expect(heard.seen).toEqual(heard.seen.map((_, index) => index + 11));
  });

  test('that starts later from the same place receives the same changes', async () => {
    const { read, write } = changesTable();
    await using feed = createChangeFeed(read, 1);
    const places = Array.from({ length: 20 }, () => write());
    const [early, late] = [listener(), listener()];
    feed.subscribe(FIRST, places[0], early);
    await eventually(() => early.seen.length === 19);
    feed.subscribe(FIRST, places[0], late);
    write();
    await eventually(() => early.seen.length === 20 && late.seen.length === 20);
    expect(late.seen).toEqual(early.seen);
  });

  test('misses no change when the tail query is slow', async () => {
    const { read, write, gate } = changesTable();
    await using feed = createChangeFeed(read, 1);
    const opened = Promise.withResolvers<void>();
    const place = write();
    gate.tail = opened.promise;
    const heard = listener();
    feed.subscribe(FIRST, place, heard);
    write();
    opened.resolve();
    await eventually(() => heard.seen.length === 1);
    write();
    await eventually(() => heard.seen.length === 2);
    expect(heard.seen).toEqual([2, 3]);
  });

  test('is notified when the tail query fails, and may subscribe again', async () => {
    const { read, write, gate } = changesTable();
    await using feed = createChangeFeed(read, 1);
    const place = write();
    gate.failures = 1;
    const heard = listener();
    feed.subscribe(FIRST, place, heard);
    await eventually(() => heard.state.failed === 1);
    write();
    const again = listener();
    feed.subscribe(FIRST, place, again);
    await eventually(() => again.seen.length === 1);
    expect(heard.seen).toEqual([]);
  });

  test('that has left receives no more changes', async () => {
    const { read, write } = changesTable();
    await using feed = createChangeFeed(read, 1);
    const [stays, leaves] = [listener(), listener()];
    const place = write();
    feed.subscribe(FIRST, place, stays);
    const leave = feed.subscribe(FIRST, place, leaves);
    leave();
    write();
    await eventually(() => stays.seen.length === 1);
    expect(leaves.seen).toEqual([]);
  });

  test('does not pass its request context to the shared queries', async () => {
    const { read, write } = changesTable();
    const request = new AsyncLocalStorage<string>();
    const readFor: { tail: unknown[]; after: unknown[] } = { tail: [], after: [] };
    await using feed = createChangeFeed(
      {
        tail: () => {
          readFor.tail.push(request.getStore());
          return read.tail();
        },
        after: (place, limit) => {
          readFor.after.push(request.getStore());
          return read.after(place, limit);
        },
        of: read.of,
      },
      1,
    );
    const heard = listener();
    request.run('of the first', () => feed.subscribe(FIRST, undefined, heard));
    await eventually(() => {
      write();
      return heard.seen.length > 2;
    });
    expect(new Set([...readFor.tail, ...readFor.after])).toEqual(new Set([undefined]));
  });
});
