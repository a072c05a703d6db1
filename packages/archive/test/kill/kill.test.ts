import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ProjectId } from '@phaselock/core';
import { openGuard } from '@phaselock/guard';
import { migrate, openDatabase, startEmbeddedPostgres } from '@phaselock/store';
import { createWorld, eventually, spawnNode, temporaryDirectory } from '@phaselock/testkit';
import { expect, test } from 'vitest';
import { ARCHIVE_RACEPOINTS, type ArchiveRacepoint } from '../../src/steps/racepoints.ts';
import { runSteps } from '../../src/steps/run-steps.ts';
import { openObjectStore } from '../../src/stores/open-object-store.ts';
import { AT_ONCE } from '../at-once.ts';
import { DAMAGES, damageFile } from '../damage.ts';
import { openTestArchive } from '../open-test-archive.ts';
import { seedDeleted } from '../seed-deleted.ts';
import { expectAllKept } from './expect-all-kept.ts';
import type { KillOrder } from './kill-worker.ts';

const WORKER = join(import.meta.dirname, 'kill-worker.ts');
const SESSIONS = 3_000;
const SESSIONS_EACH = 100;
const HITS = [1, 3] as const;
/** The store is marked only once. */
const MARKING: readonly ArchiveRacepoint[] = ['store-announced', 'store-marked', 'store-sealed'];
const PURGING: readonly ArchiveRacepoint[] = ['purge-claimed', 'proven', 'purged'];
/** Reached only when an object was damaged. */
const HEALING: readonly ArchiveRacepoint[] = ['distrusted'];
/** Reached once per hundred objects, and only when there is something to remove. */
const REMOVING: readonly ArchiveRacepoint[] = ['removal-begun', 'removed'];

test(`keeps all ${SESSIONS} sessions when the worker is killed with kill -9 between any two steps`, async () => {
  await using archive = await openTestArchive();
  const { ctx, home, folder } = archive;
  await seedDeleted(ctx.database, { projectId: home.world.projectId, count: SESSIONS });
  const killed: string[] = [];
  const expected: string[] = [];
  const die = async (racepoint: ArchiveRacepoint, hit: number): Promise<void> => {
    expected.push(`${racepoint}@${hit}`);
    const order: KillOrder = {
      databaseUrl: home.databaseUrl,
      archive: `folder:${folder}`,
      scratch: ctx.scratch,
      racepoint,
      hit,
    };
    const file = join(ctx.scratch, `${racepoint}-${hit}.json`);
    await writeFile(file, JSON.stringify(order));
    await using worker = spawnNode(WORKER, { args: [file] });
    const exit = await worker.exited;
    if (exit.signal === 'SIGKILL') killed.push(`${racepoint}@${hit}`);
    else throw new Error(`${racepoint}@${hit} was not killed: ${JSON.stringify(exit)} ${worker.stderr().slice(-800)}`);
  };
  // The purge starts after everything is archived, so workers killed before it must leave work. Two run at a time, on
  // the leftovers of earlier ones.
  for (const racepoint of MARKING) await die(racepoint, 1);
  const late = [...MARKING, ...PURGING, ...HEALING, ...REMOVING];
  const early = ARCHIVE_RACEPOINTS.filter((name) => !late.includes(name));
  for (const racepoint of early) await Promise.all(HITS.map((hit) => die(racepoint, hit)));
  await eventually(async () => {
    await runSteps(archive.with({ policy: { ...AT_ONCE, purgeAfterSeconds: 3_600 } }));
    const { rows } = await ctx.database.pool.pg.query(
      'select count(*)::int as n from sessions where archived_at is null',
    );
    return rows[0]?.n === 0;
  });
  /** If the worker that found a damaged object was killed, the object may be impossible to damage again. */
  const damageOf = (nth: number, path: string): Promise<void> =>
    damageFile(path, DAMAGES[nth % DAMAGES.length] ?? 'deleted').catch(() => undefined);
  const damage = async (): Promise<void> => {
    const { rows } = await ctx.database.pool.pg.query(
      'select object_key from archives a join sessions s on s.id = a.session_id where a.verified_at is not null order by a.deleted_at, a.session_id limit 200',
    );
    for (const [nth, { object_key }] of rows.entries())
      if (nth % 20 === 0) await damageOf(nth / 20, join(folder, object_key));
  };
  for (const racepoint of [...PURGING, ...HEALING]) {
    await damage();
    await Promise.all(HITS.map((hit) => die(racepoint, hit)));
  }

  // Objects written but never marked by the killed workers are recorded as leftovers. Workers that are killed as well
  // remove them.
  await ctx.database.pool.pg.query(
    `insert into archive_leftovers select 'sessions/' || gen_random_uuid() || '/v1-0.json.gz', now() - interval '2 days' from generate_series(1, 150)`,
  );
  for (const racepoint of REMOVING) await die(racepoint, 1);

  expect(killed.toSorted()).toEqual(expected.toSorted());
  expect(await runSteps(ctx)).toMatchObject({ storeDown: false });
  await expectAllKept(ctx, { databaseUrl: home.databaseUrl, sessions: SESSIONS });
}, 300_000);

test('loses nothing when PostgreSQL is killed with kill -9 between any two steps and restarted', async () => {
  await using directory = await temporaryDirectory();
  const dataDir = join(directory.path, 'data');
  // Only the process is killed, not the machine, so data handed to the kernel survives without fsync.
  const start = () => startEmbeddedPostgres({ dataDir, settings: { fsync: 'off' } });
  let server = await start();
  const { url } = server;
  await migrate(url);
  await using database = openDatabase({ url, maxSize: 3 });
  const projectId = await aProject(url);
  await using store = await openObjectStore(`folder:${directory.path}/archive`);
  await using archive = await openTestArchive({ store });

  let at: ArchiveRacepoint | undefined;
  const ctx = archive.with({
    database,
    policy: { ...AT_ONCE, batchLimit: 100, leaseSeconds: 1 },
    racepoint: async (name) => {
      if (name !== at) return;
      at = undefined;
      await server.killHard();
      server = await start();
    },
  });
  const patient = archive.with({ database, policy: { ...AT_ONCE, purgeAfterSeconds: 3_600 } });
  /** Restores the state of a release without markers. */
  const forgetStore = async (): Promise<void> => {
    await database.pool.pg.query('delete from archive_store; delete from archive_seals');
    await rm(`${directory.path}/archive/phaselock-store.json`, { force: true });
  };
  const damageOne = async (): Promise<void> => {
    const { rows } = await database.pool.pg.query('select object_key from archives where purged_at is null limit 1');
    await damageFile(join(directory.path, 'archive', rows[0]?.object_key), 'flipped');
  };
  try {
    for (const racepoint of ARCHIVE_RACEPOINTS) {
      await eventually(() => seedDeleted(database, { projectId, count: SESSIONS_EACH }));
      await eventually(() => runSteps(patient));
      if (MARKING.includes(racepoint)) await forgetStore();
      await damageOne();
      await eventually(() => seedDeleted(database, { projectId, count: SESSIONS_EACH }));
      await eventually(() =>
        database.pool.pg.query(
          `insert into archive_leftovers select gen_random_uuid() || '.json.gz', now() - interval '2 days'`,
        ),
      );
      at = racepoint;
      // The run during which PostgreSQL is killed may fail, or continue after the restart.
      const hit = async (): Promise<boolean> => {
        await runSteps(ctx).catch(() => undefined);
        return at === undefined;
      };
      await eventually(hit, { withinMs: 60_000 });
    }
    await eventually(async () => {
      await runSteps(ctx);
      const { rows } = await database.pool.pg.query('select count(*)::int as n from sessions');
      return rows[0]?.n === 0;
    });
    await expectAllKept(ctx, { databaseUrl: url, sessions: 2 * SESSIONS_EACH * ARCHIVE_RACEPOINTS.length });
  } finally {
    await server.stop();
  }
}, 300_000);

async function aProject(databaseUrl: string): Promise<ProjectId> {
  await using guard = await openGuard({ databaseUrl, invalidation: 'memory' });
  return (await createWorld(guard)).projectId;
}
