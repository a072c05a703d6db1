import { findOrphans } from '@phaselock/store';
import { aStart, aTurn, begin, openTestGuard, startedOf } from '@phaselock/testkit';
import { expect, test } from 'vitest';

test('deleteOrphans keeps a session that was used after it was found', async () => {
  await using home = await openTestGuard();
  const { guard, world } = home;
  const sessions = [];
  for (let made = 0; made < 3; made += 1) {
    const taskId = await world.task();
    sessions.push({ taskId, session: await begin(guard, aStart(taskId)) });
  }
  const old = { olderThanSeconds: 86_400, limit: 10 };
  await guard.database.pool.pg.query(`update sessions set updated_at = now() - interval '2 days'`);
  const found = await findOrphans(guard.database.kysely, old);
  expect(found).toHaveLength(3);

  const [used] = sessions;
  if (used === undefined) throw new Error('no session was made');
  startedOf(await guard.startTurn(aTurn(used.session, await world.attempt(used.taskId))));
  const gone = await guard.deleteOrphans(found, { actor: 'a test', olderThanSeconds: old.olderThanSeconds });
  expect(gone.toSorted()).toEqual(found.filter((id) => id !== used.session.id).toSorted());
  await expect(guard.session(used.session.id)).resolves.toMatchObject({ deletedAt: null, status: 'running' });
});
