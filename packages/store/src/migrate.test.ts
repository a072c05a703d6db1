import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { createEmptyDatabase, eventually, holdLock, runAdminStatement } from '@phaselock/testkit';
import { describe, expect, test } from 'vitest';
import { openDatabase } from './database.ts';
import { MigrationError, migrate, migrationStatus, schemaFits } from './migrate.ts';

const OURS = fileURLToPath(new URL('../migrations/', import.meta.url));

/** A copy of the migrations that a test may change or add to. */
async function ourFolder(): Promise<
  AsyncDisposable & { readonly url: URL; add(file: string, sql: string): Promise<void> }
> {
  const folder = await mkdtemp(join(tmpdir(), 'phaselock-migrations-'));
  await cp(OURS, folder, { recursive: true });
  return {
    url: pathToFileURL(`${folder}/`),
    add: (file, sql) => writeFile(join(folder, file), sql),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}

const states = (status: Awaited<ReturnType<typeof migrate>>) => status.map(({ version, state }) => [version, state]);

describe('migrating', () => {
  test('applies all migrations to an empty database, and none the second time', async () => {
    await using database = await createEmptyDatabase();
    const before = await migrationStatus(database.url);
    expect(before.length).toBeGreaterThan(0);
    expect(new Set(before.map(({ state }) => state))).toEqual(new Set(['pending']));
    expect(before.every(({ appliedAt }) => appliedAt === null)).toBe(true);

    const first = await migrate(database.url);
    expect(new Set(first.map(({ state }) => state))).toEqual(new Set(['applied']));
    expect(await migrate(database.url)).toEqual(first);
    expect(await migrationStatus(database.url)).toEqual(first);
  });

  test('reads the status without a change to the database', async () => {
    await using database = await createEmptyDatabase();
    await migrationStatus(database.url);
    expect(await runAdminStatement(database.url, "select from pg_tables where schemaname = 'public'")).toEqual([]);
  });

  test('applies each migration once when eight connections migrate at the same time', async () => {
    await using database = await createEmptyDatabase();
    const all = await Promise.all(Array.from({ length: 8 }, () => migrate(database.url)));
    for (const status of all) expect(status).toEqual(all[0]);
    const rows = await runAdminStatement(database.url, 'select version from phaselock_migrations');
    expect(rows).toHaveLength(all[0]?.length ?? -1);
  });

  test('rolls a failing migration back, and keeps the earlier ones', async () => {
    await using database = await createEmptyDatabase();
    await using folder = await ourFolder();
    await folder.add('9001_half.sql', 'create table half_done (); select 1 / 0;');
    await expect(migrate(database.url, folder.url)).rejects.toThrow('migration 9001 half failed and was rolled back');
    const [found] = await runAdminStatement(database.url, "select to_regclass('half_done') as half");
    expect(found).toEqual({ half: null });
    const status = await migrationStatus(database.url, folder.url);
    expect(states(status).at(-1)).toEqual([9001, 'pending']);
    expect(states(status)[0]).toEqual([1, 'applied']);
  });

  test('does not wait for a table longer than the migration allows, and tries again', async () => {
    await using database = await createEmptyDatabase();
    await using folder = await ourFolder();
    await folder.add('9001_tables.sql', 'create table held (); create sequence tries');
    await migrate(database.url, folder.url);
    // The sequence counts the tries, because a rollback does not set it back.
    await folder.add(
      '9002_wider.sql',
      "select nextval('tries'); set local lock_timeout = '10ms'; alter table held add column more integer",
    );
    await using reader = await holdLock(database.url, 'select count(*) from held');
    const migrating = migrate(database.url, folder.url);
    await eventually(
      async () => {
        const [tries] = await runAdminStatement(database.url, 'select last_value > 1 as again from tries');
        expect(tries).toEqual({ again: true });
      },
      { withinMs: 25_000, everyMs: 50 },
    );
    await reader.letGo();
    expect(states(await migrating).at(-1)).toEqual([9002, 'applied']);
  });

  test('refuses a migration whose text has changed since it was applied', async () => {
    await using database = await createEmptyDatabase();
    await using folder = await ourFolder();
    await folder.add('9001_extra.sql', 'create table extra ()');
    await migrate(database.url, folder.url);
    await folder.add('9001_extra.sql', 'create table extra (id uuid)');
    await expect(migrate(database.url, folder.url)).rejects.toBeInstanceOf(MigrationError);
    await expect(migrate(database.url, folder.url)).rejects.toThrow('9001 extra was applied with another text');
    expect(states(await migrationStatus(database.url, folder.url)).at(-1)).toEqual([9001, 'changed']);
  });

  test('accepts a newer database, unless a newer migration is marked as breaking', async () => {
    await using database = await createEmptyDatabase();
    await using folder = await ourFolder();
    await folder.add('9001_extra.sql', 'create table extra ()');
    await migrate(database.url, folder.url);
    expect(states(await migrate(database.url)).at(-1)).toEqual([9001, 'unknown']);

    await folder.add('9002_renamed.sql', '-- breaking\nalter table extra rename to other');
    await migrate(database.url, folder.url);
    await expect(migrate(database.url)).rejects.toThrow('use a newer phaselock');
    expect((await migrationStatus(database.url)).at(-1)).toMatchObject({ version: 9002, breaking: true });
  });
});

describe('the schema fits this release', () => {
  test('when all migrations are applied with the same text', async () => {
    await using empty = await createEmptyDatabase();
    await using folder = await ourFolder();
    await using database = openDatabase({ url: empty.url, maxSize: 1 });
    expect(await schemaFits(database)).toBe(false);
    await migrate(empty.url);
    expect(await schemaFits(database)).toBe(true);
    await folder.add('9001_extra.sql', 'create table extra ()');
    expect(await schemaFits(database, folder.url)).toBe(false);
    await migrate(empty.url, folder.url);
    expect(await schemaFits(database, folder.url)).toBe(true);
    await folder.add('9001_extra.sql', 'create table extra (id uuid)');
    expect(await schemaFits(database, folder.url)).toBe(false);
  });

  test('when newer migrations are applied, unless they are breaking', async () => {
    await using empty = await createEmptyDatabase();
    await using folder = await ourFolder();
    await using database = openDatabase({ url: empty.url, maxSize: 1 });
    await folder.add('9001_extra.sql', 'create table extra ()');
    await migrate(empty.url, folder.url);
    expect(await schemaFits(database)).toBe(true);
    await folder.add('9002_renamed.sql', '-- breaking\nalter table extra rename to other');
    await migrate(empty.url, folder.url);
    expect(await schemaFits(database)).toBe(false);
  });
});
