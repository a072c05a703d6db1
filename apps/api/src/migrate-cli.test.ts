import { existsSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openGuard } from '@phaselock/guard';
import { removeEmbeddedPostgres } from '@phaselock/store';
import {
  aStart,
  begin,
  createEmptyDatabase,
  openTestGuard,
  spawnNode,
  temporaryDirectory,
  unchainEvents,
} from '@phaselock/testkit';
import { describe, expect, test } from 'vitest';

const MAIN = fileURLToPath(new URL('./migrate-cli.ts', import.meta.url));

describe('the migrate command', () => {
  test('creates and prints the same schema in three concurrent processes', async () => {
    await using database = await createEmptyDatabase();
    const env = { PHASELOCK_DATABASE_URL: database.url };
    const runs = await Promise.all(
      ['up', 'up', 'up'].map(async (command) => {
        await using run = spawnNode(MAIN, { args: [command], env });
        const { code } = await run.exited;
        return { code, stdout: run.stdout() };
      }),
    );
    for (const run of runs) {
      expect(run.code).toBe(0);
      expect(run.stdout).toMatch(/^0001 {2}tables +applied/);
    }
    await using status = spawnNode(MAIN, { args: ['status'], env });
    expect(await status.exited).toMatchObject({ code: 0 });
    expect(status.stdout()).toBe(runs[0]?.stdout);
    await using guard = await openGuard({ databaseUrl: database.url, invalidation: 'memory' });
    const { items } = await guard.listModels({}, { limit: 200 });
    const names = items.map(({ agent, name }) => `${agent} ${name}`);
    expect(names).toContain('claude-code claude-sonnet-4-5');
    expect(new Set(names).size).toBe(names.length);
  });

  test('chains the events of earlier releases with chain-events, and says so when there are none', async () => {
    await using home = await openTestGuard();
    for (let tasks = 0; tasks < 2; tasks += 1) await begin(home.guard, aStart(await home.world.task()));
    await unchainEvents(home.databaseUrl);
    const env = { PHASELOCK_DATABASE_URL: home.databaseUrl };
    for (const done of ['2 events of 2 tasks', '0 events of 0 tasks']) {
      await using run = spawnNode(MAIN, { args: ['chain-events'], env });
      expect(await run.exited, run.stderr()).toMatchObject({ code: 0 });
      expect(run.stdout()).toBe(`every event is chained; ${done} were chained now\n`);
    }
    const { rows } = await home.guard.database.pool.pg.query('select from session_events where hash is null');
    expect(rows).toEqual([]);
  });

  test('ends chain-events with the reason if the row with the progress is missing', async () => {
    await using home = await openTestGuard();
    await home.guard.database.pool.pg.query('delete from event_chain_progress');
    await using run = spawnNode(MAIN, { args: ['chain-events'], env: { PHASELOCK_DATABASE_URL: home.databaseUrl } });
    expect(await run.exited).toMatchObject({ code: 1 });
    expect(run.stderr()).toContain('the table event_chain_progress is empty');
  });

  test('refuses chain-events while migrations are pending', async () => {
    await using database = await createEmptyDatabase();
    await using run = spawnNode(MAIN, { args: ['chain-events'], env: { PHASELOCK_DATABASE_URL: database.url } });
    expect(await run.exited).toMatchObject({ code: 1 });
    expect(run.stderr()).toContain('pending migrations: run `migrate` first');
  });

  test.each([
    [['sideways'], 'postgres://nowhere', 64, /sideways is not a command[\s\S]*usage/],
    [['chain-events', 'now'], 'postgres://nowhere', 64, /chain-events takes no arguments[\s\S]*usage/],
    [['status', 'now'], 'postgres://nowhere', 64, /status takes no arguments[\s\S]*usage/],
    [['up'], 'mysql://nowhere', 64, /PHASELOCK_DATABASE_URL must begin with/],
    [['up'], 'postgres://127.0.0.1:1/nowhere', 1, /ECONNREFUSED/],
  ])('%j on %s exits with %i and prints the reason', async (args, url, code, said) => {
    await using run = spawnNode(MAIN, { args, env: { PHASELOCK_DATABASE_URL: url } });
    expect(await run.exited).toMatchObject({ code });
    expect(run.stderr()).toMatch(said);
  });
});

describe('the migrate command without PHASELOCK_DATABASE_URL', () => {
  test('creates and migrates the embedded database with up, and prints the same list with status', async () => {
    await using directory = await temporaryDirectory();
    const dataDir = join(directory.path, 'data');
    await using _cluster = { [Symbol.asyncDispose]: async () => void (await removeEmbeddedPostgres(dataDir)) };
    await using up = migrateIn(dataDir, ['up']);
    expect(await up.exited, up.stderr()).toMatchObject({ code: 0 });
    expect(up.stdout()).toMatch(/^0001 {2}tables +applied/);
    expect(up.stdout()).not.toContain('pending');
    await using status = migrateIn(dataDir, ['status']);
    expect(await status.exited, status.stderr()).toMatchObject({ code: 0 });
    expect(status.stdout()).toBe(up.stdout());
  }, 120_000);

  test('creates neither a data directory nor a cluster in an existing one with status', async () => {
    await using directory = await temporaryDirectory();
    const dataDir = join(directory.path, 'data');
    await using nowhere = migrateIn(dataDir, ['status']);
    expect(await nowhere.exited).toMatchObject({ code: 1 });
    expect(nowhere.stderr()).toContain(`${dataDir} holds no embedded one yet`);
    expect(existsSync(dataDir)).toBe(false);

    await mkdir(join(dataDir, 'archive'), { recursive: true });
    await using inEmpty = migrateIn(dataDir, ['status']);
    expect(await inEmpty.exited).toMatchObject({ code: 1 });
    expect(await readdir(dataDir)).toEqual(['archive']);
  });
});

const migrateIn = (dataDir: string, args: readonly string[]) =>
  spawnNode(MAIN, { args, env: { PHASELOCK_DATABASE_URL: undefined, PHASELOCK_DATA_DIR: dataDir } });
