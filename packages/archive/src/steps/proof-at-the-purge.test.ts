import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { auditOwnDatabase } from '@phaselock/audit';
import { listDeadLetters, retryDeadLetters } from '@phaselock/store';
import { describe, expect, test, vi } from 'vitest';
import { AT_ONCE } from '../../test/at-once.ts';
import { DAMAGES, damageFile } from '../../test/damage.ts';
import { expectReadable } from '../../test/expect-readable.ts';
import { openTestArchive, type TestArchive } from '../../test/open-test-archive.ts';
import { seedDeleted } from '../../test/seed-deleted.ts';
import { type ObjectStore, StoreFailure } from '../stores/object-store.ts';
import { runSteps } from './run-steps.ts';

vi.setConfig({ testTimeout: 60_000 });

const sql = ({ ctx }: TestArchive, text: string) => ctx.database.pool.pg.query(text);
/** Without a changed schema (SV303), by which a mutation removes a safeguard: the tests must notice what it caused. */
const auditOf = async ({ home }: TestArchive) =>
  (await auditOwnDatabase(home.databaseUrl)).findings.filter(({ rule }) => rule !== 'SV303');
const objectsIn = async ({ folder }: TestArchive): Promise<string[]> =>
  (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.gz')).map((name) => join(folder, name));

/** Archived and not yet purged. */
async function archived(count: number): Promise<TestArchive> {
  const archive = await openTestArchive();
  await seedDeleted(archive.ctx.database, { projectId: archive.home.world.projectId, count });
  const patient = archive.with({ policy: { ...AT_ONCE, purgeAfterSeconds: 3_600 } });
  expect(await runSteps(patient)).toMatchObject({ archived: count, purged: 0 });
  archive.told.length = 0;
  return archive;
}

/** Makes the retries due now. */
const passTheTime = (archive: TestArchive) => sql(archive, 'update archive_claims set due_at = clock_timestamp()');

describe('an object damaged after it was archived', () => {
  test.each(DAMAGES)('%s: its session is archived again before it is purged', async (damage) => {
    await using archive = await archived(60);
    const objects = await objectsIn(archive);
    for (const path of objects.slice(0, 9)) await damageFile(path, damage);
    const code = damage === 'deleted' ? 'object_missing' : 'object_damaged';

    const done = await runSteps(archive.ctx);
    expect(done).toMatchObject({ archived: 9, purged: 60, failed: 9, storeDown: false });
    expect(archive.told.filter((one) => one === code)).toHaveLength(9);
    expect(archive.told.filter((one) => one === `distrusted ${code}`)).toHaveLength(9);
    await expectReadable(archive.ctx, { purged: 60, here: 0 });
    expect((await sql(archive, 'select from archive_claims')).rowCount).toBe(0);
    expect(await auditOf(archive)).toEqual([]);
    expect(await runSteps(archive.ctx)).toMatchObject({ archived: 0, purged: 0, failed: 0 });
  });

  test('does not count as an archive until the session is archived again', async () => {
    await using archive = await archived(1);
    const [path = ''] = await objectsIn(archive);
    await damageFile(path, 'flipped');
    const dying = archive.with({
      racepoint: (name) => {
        if (name === 'distrusted') throw new Error('it died after it had found it');
      },
    });
    await expect(runSteps(dying)).rejects.toThrow(/it died/);
    expect((await sql(archive, 'select verified_at from archives')).rows).toEqual([{ verified_at: null }]);
    await expect(sql(archive, 'delete from session_logs')).rejects.toMatchObject({ code: 'PL006' });
    expect(await runSteps(archive.ctx)).toMatchObject({ archived: 1, purged: 1, failed: 0 });
    await expectReadable(archive.ctx, { purged: 1, here: 0 });
  });

  test('is detected once when two workers purge at the same time', async () => {
    await using archive = await archived(60);
    const objects = await objectsIn(archive);
    const damageThem = async (): Promise<void> => {
      for (const [nth, path] of objects.entries()) if (nth % 3 === 0) await damageFile(path, 'truncated');
    };
    let damaged: Promise<void> | undefined;
    const damaging = archive.with({
      policy: { ...AT_ONCE, batchLimit: 7 },
      // Both workers wait until all objects are damaged, so that neither reads an object before that.
      racepoint: async (name) => {
        if (name !== 'purge-claimed') return;
        damaged ??= damageThem();
        await damaged;
      },
    });
    const done = await Promise.all([runSteps(damaging), runSteps(damaging)]);
    const rest = await runSteps(archive.ctx);
    expect([...done, rest].reduce((sum, one) => sum + one.purged, 0)).toBe(60);
    // Each object was read by one worker, so each damage was found once.
    expect([...done, rest].reduce((sum, one) => sum + one.failed, 0)).toBe(20);
    await expectReadable(archive.ctx, { purged: 60, here: 0 });
  });

  test('becomes a dead letter when it is damaged every time, and is archived after a manual retry', async () => {
    await using archive = await archived(1);
    const rotting = archive.with({
      racepoint: async (name) => {
        if (name === 'purge-claimed') for (const path of await objectsIn(archive)) await damageFile(path, 'flipped');
      },
    });
    for (let runs = 0; runs < 3; runs += 1) await runSteps(rotting);
    expect(archive.told.filter((one) => one.startsWith('distrusted'))).toEqual([
      'distrusted object_damaged',
      'distrusted object_damaged',
      'distrusted object_damaged',
      'distrusted object_damaged dead',
    ]);
    const letters = await listDeadLetters(archive.ctx.database.kysely, { limit: 10, discarded: false });
    expect(letters).toMatchObject([{ code: 'object_damaged', failures: 4, message: expect.stringMatching(/hash/) }]);
    await expectReadable(archive.ctx, { purged: 0, here: 1 });
    expect((await auditOf(archive)).map(({ rule }) => rule)).toEqual(['SV505']);

    await retryDeadLetters(archive.ctx.database.kysely, 'all');
    expect(await runSteps(archive.ctx)).toMatchObject({ archived: 1, purged: 1, failed: 0 });
    await expectReadable(archive.ctx, { purged: 1, here: 0 });
  });
});

describe('an object that cannot be read', () => {
  const failingFor = (archive: TestArchive, fails: (key: string) => boolean): ObjectStore => ({
    ...archive.ctx.store,
    get: (key, version) =>
      fails(key)
        ? Promise.reject(new StoreFailure('store_unavailable', 'EIO: i/o error, read'))
        : archive.ctx.store.get(key, version),
  });

  test('is retried, then archived again, when other objects can be read', async () => {
    await using archive = await archived(5);
    const [bad = ''] = await objectsIn(archive);
    const ctx = archive.with({ store: failingFor(archive, (key) => bad.endsWith(key)) });
    expect(await runSteps(ctx)).toMatchObject({ purged: 4, failed: 1, storeDown: false });
    for (let tries = 0; tries < 2; tries += 1) {
      expect(await runSteps(ctx)).toMatchObject({ purged: 0, failed: 0 });
      await passTheTime(archive);
      expect(await runSteps(ctx)).toMatchObject({ purged: 0, failed: 1, archived: 0 });
    }
    await passTheTime(archive);
    expect(await runSteps(ctx)).toMatchObject({ archived: 1, purged: 1, failed: 1 });
    await expectReadable(ctx, { purged: 5, here: 0 });
  });

  test('counts no failure for its session when the store is down, and is purged once the store is back', async () => {
    await using archive = await archived(40);
    const down = archive.with({ store: failingFor(archive, () => true) });
    expect(await runSteps(down)).toMatchObject({ archived: 0, purged: 0, storeDown: true });
    expect(archive.told).toEqual(['store_unavailable']);
    let reads = 0;
    const goesDown = archive.with({ store: failingFor(archive, (key) => key.includes('sessions/') && ++reads > 10) });
    expect(await runSteps(goesDown)).toMatchObject({ purged: 10, storeDown: false });
    await expectReadable(archive.ctx, { purged: 10, here: 30 });
    await passTheTime(archive);
    expect(await runSteps(archive.ctx)).toMatchObject({ purged: 30, failed: 0 });
    await expectReadable(archive.ctx, { purged: 40, here: 0 });
  });
});

describe('checks by the database during the purge', () => {
  test('deletes nothing when the claim of the worker lapsed between reading and deleting', async () => {
    await using archive = await archived(3);
    const slow = archive.with({
      racepoint: async (name) => {
        if (name === 'proven') await sql(archive, `update archive_claims set leased_until = now() - interval '1 s'`);
      },
    });
    expect(await runSteps(slow)).toMatchObject({ purged: 0, failed: 0 });
    await expectReadable(archive.ctx, { purged: 0, here: 3 });
    expect(await runSteps(archive.ctx)).toMatchObject({ purged: 3 });
  });

  test('deletes nothing when the archive record names another object than the one that was read', async () => {
    await using archive = await archived(3);
    const outrun = archive.with({
      racepoint: async (name) => {
        if (name === 'proven') await sql(archive, `update archives set object_version = 'a later one'`);
      },
    });
    expect(await runSteps(outrun)).toMatchObject({ purged: 0, failed: 0 });
    await expectReadable(archive.ctx, { purged: 0, here: 3 });
  });

  test('deletes nothing when another store became the known store', async () => {
    await using archive = await archived(3);
    const outrun = archive.with({
      racepoint: async (name) => {
        if (name === 'proven') await sql(archive, 'update archive_store set id = gen_random_uuid()');
      },
    });
    expect(await runSteps(outrun)).toMatchObject({ purged: 0, storeChanged: expect.any(String) });
    await expectReadable(archive.ctx, { purged: 0, here: 3 });
  });

  test.each([
    'select * from claim_for_archive(gen_random_uuid(), 10, 60, 0)',
    `select * from mark_archived(gen_random_uuid(), '[]', 365)`,
    'select * from purge_archived(10, 0)',
    'select * from purge_archived(10, 1000, 0)',
    'select * from begin_removals(10)',
  ])('refuses a worker of an older release: %s', async (call) => {
    await using archive = await archived(1);
    await expect(sql(archive, call)).rejects.toMatchObject({
      code: 'PL009',
      message: expect.stringMatching(/older release.*restart it/),
    });
    await expectReadable(archive.ctx, { purged: 0, here: 1 });
  });
});
