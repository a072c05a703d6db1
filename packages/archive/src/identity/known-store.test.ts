import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readKnownStore } from '@phaselock/store';
import { describe, expect, test, vi } from 'vitest';
import { AT_ONCE } from '../../test/at-once.ts';
import { deepAudit } from '../../test/deep-audit.ts';
import { expectReadable } from '../../test/expect-readable.ts';
import { openTestArchive, type TestArchive } from '../../test/open-test-archive.ts';
import { seedDeleted } from '../../test/seed-deleted.ts';
import { runSteps } from '../steps/run-steps.ts';
import { openObjectStore } from '../stores/open-object-store.ts';
import { adoptStore } from './adopt-store.ts';
import { knownStore } from './known-store.ts';
import { MARKER_KEY } from './marker.ts';
import { examineStore } from './recognise-store.ts';

vi.setConfig({ testTimeout: 60_000 });

const sql = ({ ctx }: TestArchive, text: string) => ctx.database.pool.pg.query(text);
const seed = ({ ctx, home }: TestArchive, count: number) =>
  seedDeleted(ctx.database, { projectId: home.world.projectId, count });
const patient = (archive: TestArchive) => archive.with({ policy: { ...AT_ONCE, purgeAfterSeconds: 3_600 } });
const rulesFound = async ({ home, ctx: { store } }: TestArchive): Promise<string[]> => {
  const { findings } = await deepAudit(home.databaseUrl, store);
  return [...new Set(findings.map(({ rule }) => rule))].toSorted();
};

/** An archive with 60 sessions to purge, five to archive, and one expired archive of a purged session. */
async function inUse(): Promise<TestArchive> {
  const archive = await openTestArchive();
  await seed(archive, 1);
  await runSteps(archive.ctx);
  await sql(archive, `update archives set expires_at = now() - interval '1 s'`);
  await seed(archive, 60);
  await sql(archive, `update archives set legal_hold = true, hold_reason = 'not yet'`);
  expect(await runSteps(patient(archive))).toMatchObject({ archived: 60, purged: 0 });
  await sql(archive, `update archives set legal_hold = false, hold_reason = null`);
  await seed(archive, 5);
  archive.told.length = 0;
  return archive;
}

/** Expects that nothing was archived, purged or removed, and that no session has a failure counted. */
async function expectRefused(archive: TestArchive, ctx = archive.ctx): Promise<void> {
  archive.told.length = 0;
  expect(await runSteps(ctx)).toMatchObject({
    archived: 0,
    purged: 0,
    removed: 0,
    failed: 0,
    storeChanged: expect.stringMatching(/\w/),
  });
  expect(archive.told).toEqual(['store_changed']);
  const { rows } = await sql(
    archive,
    `select (select count(*)::int from sessions) as here, (select count(*)::int from archive_claims where failures > 0) as blamed,
            (select count(*)::int from archives where purged_at is not null) as purged, (select count(*)::int from archives where removing_at is not null) as removed`,
  );
  expect(rows).toEqual([{ here: 65, blamed: 0, purged: 1, removed: 0 }]);
}

async function expectAllWell(archive: TestArchive, ctx = archive.ctx): Promise<void> {
  expect(await runSteps(ctx)).toMatchObject({ archived: 5, purged: 65, removed: 1, failed: 0, storeChanged: null });
  await expectReadable(ctx, { purged: 65, here: 0 });
}

describe('refusing a folder that is not the known store', () => {
  test('does nothing while the folder is renamed, does not create it, and continues once it is back', async () => {
    await using archive = await inUse();
    const { folder } = archive;
    await rename(folder, `${folder}-away`);
    await expectRefused(archive);
    await expectRefused(archive);
    expect(existsSync(folder)).toBe(false);
    expect(await rulesFound(archive)).toEqual(expect.arrayContaining(['SV507']));
    await rename(`${folder}-away`, folder);
    await expectAllWell(archive);
    expect(await rulesFound(archive)).toEqual([]);
  });

  test('refuses an empty folder in place of one that is not mounted', async () => {
    await using archive = await inUse();
    const { folder } = archive;
    await rename(folder, `${folder}-away`);
    await mkdir(folder);
    await expectRefused(archive);
    expect(await readdir(folder)).toEqual([]);
    expect(await rulesFound(archive)).toEqual(expect.arrayContaining(['SV504', 'SV507']));
    await rm(folder, { recursive: true });
    await rename(`${folder}-away`, folder);
    await expectAllWell(archive);
  });

  test.each(['purge-claimed', 'proven', 'written'] as const)(
    'refuses a folder that disappears during a run, at %s',
    async (at) => {
      await using archive = await inUse();
      const { folder } = archive;
      let gone = false;
      const ctx = archive.with({
        racepoint: async (name) => {
          if (name !== at || gone) return;
          gone = true;
          await rename(folder, `${folder}-away`);
        },
      });
      const done = await runSteps(ctx);
      expect(done).toMatchObject({ purged: 0, removed: 0, storeChanged: expect.stringMatching(/no folder/) });
      expect(existsSync(folder)).toBe(false);
      await rename(`${folder}-away`, folder);
      const rest = await runSteps(archive.ctx);
      expect(done.archived + rest.archived).toBe(5);
      await expectReadable(archive.ctx, { purged: 65, here: 0 });
    },
  );

  test('refuses an older copy that was restored', async () => {
    await using archive = await openTestArchive();
    const { folder } = archive;
    await seed(archive, 3);
    await runSteps(archive.ctx);
    await cp(folder, `${folder}-backup`, { recursive: true });
    await seed(archive, 3);
    await runSteps(patient(archive));
    await rename(folder, `${folder}-away`);
    await rename(`${folder}-backup`, folder);
    archive.told.length = 0;
    expect(await runSteps(archive.ctx)).toMatchObject({ purged: 0, storeChanged: expect.stringMatching(/older copy/) });
    await rm(folder, { recursive: true });
    await rename(`${folder}-away`, folder);
    expect(await runSteps(archive.ctx)).toMatchObject({ purged: 3, storeChanged: null });
    await expectReadable(archive.ctx, { purged: 6, here: 0 });
  });

  test('refuses the marker of another database, and an invalid marker', async () => {
    await using archive = await inUse();
    await using other = await openTestArchive();
    await knownStore(other.ctx);
    await expectRefused(archive, archive.with({ store: other.ctx.store }));
    await writeFile(
      join(archive.folder, MARKER_KEY),
      '{"format":"phaselock-archive-store","formatVersion":2,"id":"x"}',
    );
    await expectRefused(archive);
    await rm(join(archive.folder, MARKER_KEY));
    await mkdir(join(archive.folder, MARKER_KEY));
    await expectRefused(archive);
  });
});

test('continues after the archive was moved together with its marker', async () => {
  await using archive = await inUse();
  await cp(archive.folder, `${archive.folder}-new`, { recursive: true });
  await using moved = await openObjectStore(`folder:${archive.folder}-new`);
  await expectAllWell(archive, archive.with({ store: moved }));
});

describe('first use of a store', () => {
  test('writes one marker when several workers start at once', async () => {
    await using archive = await openTestArchive();
    const known = await Promise.all(Array.from({ length: 6 }, () => knownStore(archive.ctx)));
    expect(new Set(known.map(({ id }) => id)).size).toBe(1);
    expect(await knownStore(archive.ctx)).toEqual(known[0]);
  });

  test('refuses a store that another database uses', async () => {
    await using theirs = await openTestArchive();
    await knownStore(theirs.ctx);
    await using archive = await openTestArchive();
    await seed(archive, 2);
    const ctx = archive.with({ store: theirs.ctx.store });
    expect(await runSteps(ctx)).toMatchObject({ archived: 0, storeChanged: expect.stringMatching(/another database/) });
    expect(await knownStore(theirs.ctx)).toMatchObject({ id: (await readKnownStore(theirs.ctx.database.kysely))?.id });
  });

  /** Restores the state of a release without markers. */
  async function unmarked(): Promise<TestArchive> {
    const archive = await inUse();
    await rm(join(archive.folder, MARKER_KEY));
    await rm(join(archive.folder, 'phaselock-seals'), { recursive: true });
    await sql(archive, 'delete from archive_store; delete from archive_seals');
    return archive;
  }

  test('marks the store after an upgrade if the recorded objects are in it', async () => {
    await using archive = await unmarked();
    await expectAllWell(archive);
  });

  test('refuses an empty, missing or incomplete store after an upgrade', async () => {
    await using archive = await unmarked();
    const { folder } = archive;
    await rename(folder, `${folder}-away`);
    await expectRefused(archive);
    expect(existsSync(folder)).toBe(false);
    await mkdir(folder);
    await expectRefused(archive);
    await rm(folder, { recursive: true });
    await cp(`${folder}-away`, folder, { recursive: true });
    const objects = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.gz'));
    await rm(join(folder, objects[7] ?? ''));
    await expectRefused(archive);
    await rm(folder, { recursive: true });
    await rename(`${folder}-away`, folder);
    await expectAllWell(archive);
  });
});

describe('store adoption', () => {
  const adopt = ({ ctx: { database, store } }: TestArchive, despiteLoss = false) =>
    adoptStore({ database, store, by: 'ada', reason: 'a test', despiteLoss, readsAtATime: 4 });

  test('restores a lost marker after reading every object of a purged session', async () => {
    await using archive = await inUse();
    await rm(join(archive.folder, MARKER_KEY));
    await expectRefused(archive);
    const before = await readKnownStore(archive.ctx.database.kysely);
    expect(await adopt(archive)).toEqual({ kind: 'adopted', id: before?.id, read: 1, lost: 0, examples: [] });
    expect(await readKnownStore(archive.ctx.database.kysely)).toMatchObject({
      id: before?.id,
      adopted: { by: 'ada', reason: 'a test' },
    });
    expect(await adopt(archive)).toMatchObject({ kind: 'known-already' });
    await expectAllWell(archive);
  });

  test('refuses a store that lacks the object of a purged session, unless the loss is accepted', async () => {
    await using archive = await inUse();
    const { folder } = archive;
    const { rows } = await sql(
      archive,
      `update archives set expires_at = now() + interval '1 day' where purged_at is not null returning session_id`,
    );
    await rename(folder, `${folder}-away`);
    await expect(adopt(archive)).rejects.toMatchObject({ code: 'store_changed' });
    await mkdir(folder);
    expect(await adopt(archive)).toMatchObject({
      kind: 'refused',
      read: 1,
      lost: 1,
      examples: [{ sessionId: rows[0]?.session_id }],
    });
    expect(existsSync(join(folder, MARKER_KEY))).toBe(false);
    await expectRefused(archive);

    expect(await adopt(archive, true)).toMatchObject({ kind: 'adopted', lost: 1 });
    // Sessions that were not purged are still complete in the database and are archived again.
    const done = await runSteps(archive.ctx);
    expect(done).toMatchObject({ archived: 65, purged: 65, failed: 60, storeChanged: null });
    // The former store is now an older copy.
    await using old = await openObjectStore(`folder:${folder}-away`);
    expect(await examineStore(old, { place: '', ...(await knownStore(archive.ctx)) })).toMatch(/older copy/);
  });

  test('does not count missing expired objects as lost: a restored database may not record their removal', async () => {
    await using archive = await inUse();
    const { rows } = await sql(archive, 'select object_key from archives where purged_at is not null');
    await rm(join(archive.folder, String(rows[0]?.object_key)));
    await sql(archive, 'update archive_store set seal = gen_random_uuid()');
    await expectRefused(archive);
    expect(await adopt(archive)).toMatchObject({ kind: 'adopted', read: 1, lost: 0 });
    await expectAllWell(archive);
  });

  test('lets two databases share a store', async () => {
    await using theirs = await openTestArchive();
    await seed(theirs, 2);
    await runSteps(theirs.ctx);
    await using archive = await openTestArchive();
    await seed(archive, 2);
    const ctx = archive.with({ store: theirs.ctx.store });
    expect(await runSteps(ctx)).toMatchObject({ storeChanged: expect.any(String) });
    const { database, store } = ctx;
    const adopted = await adoptStore({
      database,
      store,
      by: 'ada',
      reason: 'shared',
      despiteLoss: false,
      readsAtATime: 4,
    });
    expect(adopted).toMatchObject({ kind: 'adopted', id: (await knownStore(theirs.ctx)).id });
    expect(await runSteps(ctx)).toMatchObject({ archived: 2, purged: 2 });
    await expectReadable(ctx, { purged: 2, here: 0 });
    expect(await runSteps(theirs.ctx)).toMatchObject({ storeChanged: null });
  });
});

test('removes only seals that were replaced more than an hour ago', async () => {
  await using archive = await openTestArchive();
  const seals = async () => (await readdir(join(archive.folder, 'phaselock-seals'))).length;
  for (let runs = 0; runs < 3; runs += 1) {
    await seed(archive, 1);
    await runSteps(archive.ctx);
  }
  expect(await seals()).toBeGreaterThan(3);
  await sql(archive, `update archive_seals set announced_at = now() - interval '2 hours'`);
  await seed(archive, 1);
  expect(await runSteps(archive.ctx)).toMatchObject({ archived: 1, storeChanged: null });
  // The current seal, and those written since.
  expect(await seals()).toBeLessThanOrEqual(3);
  expect(await runSteps(archive.ctx)).toMatchObject({ storeChanged: null });
});
