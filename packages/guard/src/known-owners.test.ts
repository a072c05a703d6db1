import { parseSessionId, parseTaskId } from '@phaselock/core';
import { aStart, begin, countQueries, openTestGuard } from '@phaselock/testkit';
import { expect, test } from 'vitest';
import { rememberOwners } from './known-owners.ts';
import type { OpenGuard } from './open-guard.ts';

test('the owners of a task, an attempt and a session are read once and then cached', async () => {
  await using home = await openTestGuard();
  const { guard, world } = home;
  const taskId = await world.task();
  const attemptId = await world.attempt(taskId);
  const { id: sessionId } = await begin(guard, aStart(taskId));
  const things = [
    { kind: 'task', id: taskId },
    { kind: 'attempt', id: attemptId },
    { kind: 'session', id: sessionId },
  ] as const;
  const owners = rememberOwners();
  for (const thing of things)
    expect(await owners.of(guard.database, thing)).toMatchObject({ projectId: world.projectId });
  const nobody = { query: () => Promise.reject(new Error('queried again')) };
  for (const thing of things) expect(await owners.of(nobody, thing)).toMatchObject({ projectId: world.projectId });
  const [first] = things;
  owners.forget(first);
  await expect(owners.of(nobody, first)).rejects.toThrow('queried again');
});

test('an unknown session has no owner', async () => {
  await using home = await openTestGuard();
  const id = parseSessionId('01936f6e-0000-7000-8000-000000000000');
  if (id === undefined) throw new Error('not an id');
  expect(await home.guard.ownersOf([{ kind: 'session', id }])).toEqual([undefined]);
});

test('owners of many things are read with one statement for each kind, in the given order', async () => {
  await using home = await openTestGuard();
  const { guard, world } = home;
  const taskIds = await Promise.all(Array.from({ length: 20 }, () => world.task()));
  const attemptId = await world.attempt(taskIds[0] ?? (await world.task()));
  const nobody = parseTaskId('01936f6e-0000-7000-8000-000000000000');
  if (nobody === undefined) throw new Error('not an id');
  const things: Parameters<OpenGuard['ownersOf']>[0] = [
    { kind: 'attempt', id: attemptId },
    ...[...taskIds, nobody, ...taskIds].map((id) => ({ kind: 'task', id }) as const),
  ];
  const { statements } = await countQueries(guard, async () => {
    const owners = await guard.ownersOf(things);
    expect(owners.map((owner) => owner?.taskId)).toEqual([taskIds[0], ...taskIds, undefined, ...taskIds]);
  });
  expect(statements.toSorted()).toEqual(['owner_of_attempt', 'owner_of_task']);
});

test('the cache of owners is bounded', async () => {
  await using home = await openTestGuard();
  const [one, two] = [await home.world.task(), await home.world.task()];
  const owners = rememberOwners(1);
  await owners.of(home.guard.database, { kind: 'task', id: one });
  await owners.of(home.guard.database, { kind: 'task', id: two });
  const nobody = { query: () => Promise.reject(new Error('queried again')) };
  await expect(owners.of(nobody, { kind: 'task', id: one })).rejects.toThrow('queried again');
});

test('a request of another project runs as many queries for an existing task as for a missing one', async () => {
  await using home = await openTestGuard();
  const asker = await home.guard.addProject('another one');
  const there = { kind: 'task', id: await home.world.task() } as const;
  const nowhere = { kind: 'task', id: parseTaskId('01936f6e-0000-7000-8000-000000000000') ?? never() } as const;
  const owners = rememberOwners();
  await owners.of(home.guard.database, there);
  const queriesFor = async (thing: typeof there): Promise<number> => {
    let asked = 0;
    const counting: Pick<typeof home.guard.database, 'query'> = {
      query: (...given) => {
        asked += 1;
        return home.guard.database.query(...given);
      },
    };
    await owners.of(counting, thing, asker);
    return asked;
  };
  for (let repeated = 0; repeated < 3; repeated += 1)
    expect([await queriesFor(there), await queriesFor(nowhere)]).toEqual([1, 1]);
});

function never(): never {
  throw new Error('not an id');
}
