import { countLegacyDuplicates } from '@phaselock/store';
import { aStart, begin, OPUS, openTestGuard, SONNET } from '@phaselock/testkit';
import { expect, test } from 'vitest';

const LEGACY = { guarded: false } as const;

test('legacy duplicates are the sessions that the first guarded start of their slot collapses', async () => {
  await using scene = await openTestGuard();
  const { guard, world } = scene;
  const count = () => countLegacyDuplicates(guard.database.kysely);
  expect(await count()).toBe(0);

  const [alone, several, other] = [await world.task(), await world.task(), await world.task()];
  await begin(guard, aStart(alone, SONNET, LEGACY));
  expect(await count()).toBe(0);
  for (const model of [SONNET, OPUS, SONNET]) await begin(guard, aStart(several, model, LEGACY));
  for (const model of [SONNET, OPUS]) await begin(guard, aStart(other, model, LEGACY));
  // Another phase is another slot.
  await begin(guard, { ...aStart(other, SONNET, LEGACY), phase: 'plan' });
  expect(await count()).toBe(3);

  await guard.start(aStart(several, SONNET));
  expect(await count()).toBe(1);
  const { rows } = await guard.database.pool.pg.query<{ n: number }>(
    "select count(*)::int as n from sessions where deleted_reason = 'collapsed'",
  );
  expect(rows).toEqual([{ n: 2 }]);
});

test('a legacy duplicate is any unguarded session beside a guarded one, but no standalone one', async () => {
  await using scene = await openTestGuard();
  const { guard, world } = scene;
  const taskId = await world.task();
  const before = await begin(guard, aStart(taskId, SONNET, LEGACY));
  const { pg } = guard.database.pool;
  await guard.start(aStart(taskId, SONNET));
  await guard.beginStandalone(aStart(taskId, SONNET));
  expect(await countLegacyDuplicates(guard.database.kysely)).toBe(0);
  // As created while the rule was switched off.
  await begin(guard, aStart(taskId, OPUS, LEGACY));
  expect(await countLegacyDuplicates(guard.database.kysely)).toBe(1);
  // As created by a program without the guard.
  await pg.query(`insert into sessions (id, task_id, phase, mode, agent, model, status, generation, guarded, created_at, updated_at)
    select gen_random_uuid(), task_id, phase, mode, agent, model, status, 0, false, created_at - interval '1 day', updated_at
    from sessions where id = '${before.id}'`);
  expect(await countLegacyDuplicates(guard.database.kysely)).toBe(2);
});
