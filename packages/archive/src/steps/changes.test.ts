import { copyFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { auditOwnDatabase } from '@phaselock/audit';
import { holdArchive, readArchive } from '@phaselock/store';
import { aStart, aTurn, begin, startedOf, tokenOf } from '@phaselock/testkit';
import { describe, expect, test } from 'vitest';
import { AT_ONCE } from '../../test/at-once.ts';
import { documentIn } from '../../test/document-in.ts';
import { aDeletedSession, openTestArchive, type TestArchive } from '../../test/open-test-archive.ts';
import { runSteps } from './run-steps.ts';

/** Without a changed schema (SV303), by which a mutation removes a safeguard: the tests must notice what it caused. */
const auditOf = async ({ home }: TestArchive) =>
  (await auditOwnDatabase(home.databaseUrl)).findings.filter(({ rule }) => rule !== 'SV303');
const sql = ({ ctx }: TestArchive, text: string) => ctx.database.pool.pg.query(text);
const objectsIn = async ({ folder }: TestArchive) =>
  (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.gz'));
const keepFor = (archive: TestArchive) => archive.with({ policy: { ...AT_ONCE, purgeAfterSeconds: 3_600 } });

async function aReplacedRunner(archive: TestArchive) {
  const { guard, world } = archive.home;
  const taskId = await world.task();
  const session = await begin(guard, aStart(taskId));
  const turn = startedOf(await guard.startTurn(aTurn(session, await world.attempt(taskId))));
  await guard.softDelete({ sessionId: session.id, actor: 'ada' });
  return { sessionId: session.id, turn: tokenOf(turn) };
}

describe('a session that changes after its archive was written', () => {
  test('is archived again when its runner finishes the turn between write and marking', async () => {
    await using archive = await openTestArchive();
    const { guard } = archive.home;
    const { sessionId, turn } = await aReplacedRunner(archive);
    await sql(archive, `update sessions set lease_expires_at = now() - interval '1 s' where id = '${sessionId}'`);
    let home = false;
    const ctx = archive.with({
      racepoint: async (name) => {
        if (name !== 'written' || home) return;
        home = true;
        await guard.finishTurn({ ...turn, ending: 'completed', exitCode: 0 });
      },
    });
    expect(await runSteps(ctx)).toMatchObject({ archived: 1, purged: 1, failed: 0 });
    expect(archive.told).toEqual(['changed 1', 'archived 1', 'purged 1']);
    // The first object is recorded as a leftover.
    expect((await sql(archive, 'select object_key from archive_leftovers')).rowCount).toBe(1);
    expect(await auditOf(archive)).toEqual([]);
  });

  test.each([
    ['its runner finishes late', 'turn'],
    ['usage is booked', 'usage'],
    ['feedback is given', 'feedback'],
  ] as const)('is archived again before it is purged when %s after the first archive', async (_what, how) => {
    await using archive = await openTestArchive();
    const { guard } = archive.home;
    const { sessionId, turn } = await aReplacedRunner(archive);
    await sql(archive, `update sessions set lease_expires_at = now() - interval '1 s' where id = '${sessionId}'`);
    expect(await runSteps(keepFor(archive))).toMatchObject({ archived: 1, purged: 0 });
    const before = await readArchive(archive.ctx.database.kysely, sessionId);

    if (how === 'turn') await guard.finishTurn({ ...turn, ending: 'completed', exitCode: 0 });
    if (how === 'usage')
      await guard.recordUsage(turn, { inputTokens: 5, outputTokens: 7, turns: 1, costUsdMicros: 11 });
    if (how === 'feedback') await guard.recordFeedback({ sessionId, rating: 'bad' });

    expect(await runSteps(archive.ctx)).toMatchObject({ archived: 0, purged: 0 });
    expect(await runSteps(archive.ctx)).toMatchObject({ archived: 1, purged: 1 });
    const after = await readArchive(archive.ctx.database.kysely, sessionId);
    expect(after?.sha256).not.toBe(before?.sha256);
    expect(await auditOf(archive)).toEqual([]);
  });
});

test('waits for the lease of a running process, and marks the process as lost after the lease lapsed', async () => {
  await using archive = await openTestArchive();
  const { sessionId } = await aReplacedRunner(archive);
  expect(await runSteps(archive.ctx)).toMatchObject({ archived: 0, failed: 0 });
  await sql(archive, `update sessions set lease_expires_at = now() - interval '1 s' where id = '${sessionId}'`);
  expect(await runSteps(archive.ctx)).toMatchObject({ archived: 1, purged: 1 });
  expect(await auditOf(archive)).toEqual([]);
});

test('archives a log larger than memory page by page, without loss', async () => {
  await using archive = await openTestArchive();
  const lines = Array.from({ length: 30 }, (_, nth) => `${nth} ${'ä€😀 '.repeat(8_000)}`);
  const { sessionId } = await aDeletedSession(archive.home, lines);
  expect(await runSteps(archive.ctx)).toMatchObject({ archived: 1, purged: 1 });
  const record = await readArchive(archive.ctx.database.kysely, sessionId);
  expect(record?.logs).toBe(30);
  const document = await documentIn(archive.ctx.store, record);
  expect(document.logs.map(({ line }) => line)).toEqual(lines);
});

test('archives each session once when several workers run at once', async () => {
  await using archive = await openTestArchive();
  for (let made = 0; made < 60; made += 1) await aDeletedSession(archive.home);
  const small = { policy: { ...AT_ONCE, batchLimit: 7 } };
  const done = await Promise.all(Array.from({ length: 4 }, () => runSteps(archive.with(small))));
  expect(done.reduce((sum, one) => sum + one.archived, 0)).toBe(60);
  expect(done.reduce((sum, one) => sum + one.purged, 0)).toBe(60);
  expect(await objectsIn(archive)).toHaveLength(60);
  expect((await sql(archive, 'select from archive_claims')).rowCount).toBe(0);
  expect(await auditOf(archive)).toEqual([]);
});

test('marks nothing after the lease of the worker lapsed, and a later run archives the session', async () => {
  await using archive = await openTestArchive();
  const { sessionId } = await aDeletedSession(archive.home);
  const slow = archive.with({
    racepoint: async (name) => {
      if (name === 'written')
        await sql(
          archive,
          `update archive_claims set leased_until = now() + interval '1 min', token = gen_random_uuid()`,
        );
    },
  });
  expect(await runSteps(slow)).toMatchObject({ archived: 0, failed: 0 });
  await sql(archive, `update archive_claims set leased_until = now() - interval '1 s'`);
  expect(await runSteps(archive.ctx)).toMatchObject({ archived: 1, purged: 1 });
  expect(await readArchive(archive.ctx.database.kysely, sessionId)).toBeDefined();
});

test('takes over a claim of a dead worker that was made before the clock stepped back', async () => {
  await using archive = await openTestArchive();
  const { sessionId } = await aDeletedSession(archive.home);
  const dies = archive.with({
    racepoint: (name) => {
      if (name === 'claimed') throw new Error('killed');
    },
  });
  await expect(runSteps(dies)).rejects.toThrow('killed');
  await sql(archive, `update archive_claims set token = gen_random_uuid(), leased_until = now() + interval '1 h'`);
  expect(await runSteps(archive.ctx)).toMatchObject({ archived: 1, purged: 1 });
  expect(await readArchive(archive.ctx.database.kysely, sessionId)).toBeDefined();
});

describe('end of the retention period', () => {
  const over = (archive: TestArchive) => sql(archive, `update archives set expires_at = now() - interval '1 s'`);

  test('fails without removing anything when the clocks of worker and database differ too much', async () => {
    await using archive = await openTestArchive();
    await aDeletedSession(archive.home);
    await runSteps(archive.ctx);
    await over(archive);
    const behind = archive.with({ unixMs: () => Date.now() - 2 * 3_600_000 });
    await expect(runSteps(behind)).rejects.toMatchObject({ code: 'PL008' });
    expect(await objectsIn(archive)).toHaveLength(1);
    expect(await runSteps(archive.ctx)).toMatchObject({ removed: 1 });
  });

  test('removes the object and keeps its tombstone', async () => {
    await using archive = await openTestArchive();
    const { sessionId } = await aDeletedSession(archive.home);
    await runSteps(archive.ctx);
    await over(archive);
    expect(await runSteps(archive.ctx)).toMatchObject({ removed: 1 });
    expect(await objectsIn(archive)).toEqual([]);
    expect(await readArchive(archive.ctx.database.kysely, sessionId)).toMatchObject({ removedAt: expect.any(Date) });
    expect(await auditOf(archive)).toEqual([]);
    expect(await holdArchive(archive.ctx.database.kysely, sessionId, 'too late')).toBe('too-late');
  });

  test('keeps an object under legal hold until it is released', async () => {
    await using archive = await openTestArchive();
    const { sessionId } = await aDeletedSession(archive.home);
    await runSteps(archive.ctx);
    const { kysely } = archive.ctx.database;
    expect(await holdArchive(kysely, sessionId, 'case 4711')).toBe('done');
    await over(archive);
    expect(await runSteps(archive.ctx)).toMatchObject({ removed: 0 });
    expect(await holdArchive(kysely, sessionId, null)).toBe('done');
    expect(await runSteps(archive.ctx)).toMatchObject({ removed: 1 });
  });

  test('removes a leftover object one day after it was recorded', async () => {
    await using archive = await openTestArchive();
    await aDeletedSession(archive.home);
    await runSteps(archive.ctx);
    const [kept = ''] = await objectsIn(archive);
    await copyFile(join(archive.folder, kept), join(archive.folder, 'sessions', 'of-an-attempt-that-died.json.gz'));
    await sql(
      archive,
      `insert into archive_leftovers values ('sessions/of-an-attempt-that-died.json.gz', now() - interval '25 hours')`,
    );
    expect(await runSteps(archive.ctx)).toMatchObject({ removed: 1 });
    expect(await objectsIn(archive)).toEqual([kept]);
    expect((await sql(archive, 'select from archive_leftovers')).rowCount).toBe(0);
  });

  test('keeps an object that became an archive after it was recorded as a leftover', async () => {
    await using archive = await openTestArchive();
    await aDeletedSession(archive.home);
    await runSteps(archive.ctx);
    await sql(archive, `insert into archive_leftovers select object_key, now() - interval '25 hours' from archives`);
    expect(await runSteps(archive.ctx)).toMatchObject({ removed: 0 });
    expect(await objectsIn(archive)).toHaveLength(1);
    expect((await sql(archive, 'select from archive_leftovers')).rowCount).toBe(0);
  });
});
