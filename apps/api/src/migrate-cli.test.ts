import { existsSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openGuard } from '@phaselock/guard';
import { removeEmbeddedPostgres } from '@phaselock/store';
import { createEmptyDatabase, spawnNode, temporaryDirectory } from '@phaselock/testkit';
import { describe, expect, test } from 'vitest';

const MAIN = fileURLToPath(new URL('./migrate-cli.ts', import.meta.url));

describe('the migrate command', () => {
  test('run by three processes at once comes to one schema, and shows it', async () => {
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

  test.each([
    [['sideways'], 'postgres://nowhere', 64, /sideways is no command[\s\S]*usage/],
    [['status', 'now'], 'postgres://nowhere', 64, /status takes no arguments[\s\S]*usage/],
    [['up'], 'mysql://nowhere', 64, /PHASELOCK_DATABASE_URL must begin with/],
    [['up'], 'postgres://127.0.0.1:1/nowhere', 1, /ECONNREFUSED/],
  ])('%j on %s ends with its code and says why', async (args, url, code, said) => {
    await using run = spawnNode(MAIN, { args, env: { PHASELOCK_DATABASE_URL: url } });
    expect(await run.exited).toMatchObject({ code });
    expect(run.stderr()).toMatch(said);
  });
});

describe('without a database named', () => {
  test('up makes and migrates the embedded one, and status tells what up told', async () => {
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

  test('status makes none: neither a directory, nor a cluster in one that has other things in it', async () => {
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
