import { aStart, aTurn, begin, OPUS, openTestGuard, runTurn, SONNET, type TestGuard } from '@phaselock/testkit';
import { expect, test } from 'vitest';
import { applyRepairs } from '../../../test/apply-repairs.ts';
import { plant } from '../../../test/kept-tables.ts';
import { auditOwnDatabase } from '../../audit-own-database.ts';
import type { Finding } from '../../finding.ts';

const ONE_LIVE = `create unique index sessions_one_live on sessions (task_id, phase, mode) where deleted_at is null and guarded`;

/** Two guarded sessions in one slot, each live according to its events: the second one replaced nothing. */
async function twoLive(home: TestGuard) {
  const { guard, world } = home;
  const taskId = await world.task();
  const attemptId = await world.attempt(taskId);
  const older = await begin(guard, aStart(taskId));
  await runTurn(guard, aTurn(older, attemptId), `older-${taskId}`);
  await guard.softDelete({ sessionId: older.id });
  const newer = await begin(guard, aStart(taskId, OPUS));
  const { pg } = guard.database.pool;
  await plant(pg, [
    'drop index sessions_one_live',
    `delete from session_events where session_id = '${older.id}' and type = 'deleted'`,
    `update sessions set deleted_at = null, deleted_reason = null, version = version - 1 where id = '${older.id}'`,
  ]);
  return { pg, older, newer };
}

/** The errors without that of the missing index, which can be created only after the other repairs. */
async function audited({ databaseUrl }: TestGuard): Promise<readonly Finding[]> {
  const { findings } = await auditOwnDatabase(databaseUrl, { chain: true });
  return findings.filter(({ rule, severity }) => rule !== 'SV303' && severity !== 'info');
}

test('of two live sessions the newest stays, if the slot names it, and the other one is deleted with an event', async () => {
  await using home = await openTestGuard();
  const { pg, older, newer } = await twoLive(home);
  const found = await audited(home);
  expect(found.map(({ rule }) => rule)).toEqual(['SV201']);
  expect(found[0]?.repair).toContain(older.id);
  expect(await applyRepairs(pg, found)).toBe(1);
  await pg.query(ONE_LIVE);
  expect(await audited(home)).toEqual([]);
  expect(await applyRepairs(pg, found)).toBe(0);
  const { rows } = await pg.query(
    'select session_id, type, reason, actor from session_events order by id desc limit 1',
  );
  expect(rows).toEqual([{ session_id: older.id, type: 'deleted', reason: 'deleted', actor: 'repair' }]);
  expect((await pg.query('select live_session_id from slots')).rows).toEqual([{ live_session_id: newer.id }]);
});

test('a slot that moved on keeps both sessions', async () => {
  await using home = await openTestGuard();
  const { pg, newer } = await twoLive(home);
  const found = await audited(home);
  await home.guard.softDelete({ sessionId: newer.id });
  expect(await applyRepairs(pg, found)).toBe(0);
});

test('two live sessions have no safe repair if the slot names the older one', async () => {
  await using home = await openTestGuard();
  const { pg, older } = await twoLive(home);
  await plant(pg, [`update slots set live_session_id = '${older.id}'`]);
  const found = await audited(home);
  expect(found.map(({ rule, repair }) => [rule, repair])).toEqual([['SV201', null]]);
  expect(found[0]?.repairNote).toMatch(
    /^no safe repair: several sessions are live, and the slot does not name the newest/,
  );
});

test('of two live sessions the one that the events ended is ended again, and every finding has the same repair', async () => {
  await using home = await openTestGuard();
  const { guard, world } = home;
  const taskId = await world.task();
  const gone = await begin(guard, aStart(taskId, SONNET));
  await guard.softDelete({ sessionId: gone.id });
  await begin(guard, aStart(taskId, OPUS));
  const { pg } = guard.database.pool;
  await plant(pg, [
    'drop index sessions_one_live',
    `update sessions set deleted_at = null, deleted_reason = null where id = '${gone.id}'`,
  ]);
  const found = await audited(home);
  expect(found.map(({ rule }) => rule).toSorted()).toEqual(['SV201', 'SV204']);
  const [first, second] = found;
  expect(first?.repair).toContain(gone.id);
  expect(second).toMatchObject({
    repair: null,
    repairNote: `its repair is that of ${first?.rule} slot ${first?.subject.id}`,
  });
  expect(await applyRepairs(pg, found)).toBe(1);
  await pg.query(ONE_LIVE);
  expect(await audited(home)).toEqual([]);
});

test('a counter below the highest generation is raised', async () => {
  await using home = await openTestGuard();
  const { guard, world } = home;
  const taskId = await world.task();
  const gone = await begin(guard, aStart(taskId));
  await guard.softDelete({ sessionId: gone.id });
  await begin(guard, aStart(taskId));
  const { pg } = guard.database.pool;
  await plant(pg, ['update slots set generation = 1, live_session_id = null']);
  const found = await audited(home);
  expect(found.map(({ rule }) => rule).toSorted()).toEqual(['SV202', 'SV205']);
  expect(found.filter(({ repair }) => repair !== null)).toHaveLength(1);
  expect(await applyRepairs(pg, found)).toBe(1);
  expect(await audited(home)).toEqual([]);
});
