import { expect, test } from 'vitest';
import { databaseUrl, runAdminStatement } from './admin-statement.ts';
import { createEmptyDatabase, createTestDatabase } from './test-database.ts';

test('a table in one test database does not exist in another', async () => {
  await using one = await createTestDatabase();
  await using other = await createTestDatabase();
  await runAdminStatement(one.url, 'CREATE TABLE only_here ()');
  const [row] = await runAdminStatement(other.url, `SELECT to_regclass('only_here') AS found`);
  expect(row).toEqual({ found: null });
});

test('a database is dropped at the end of its scope', async () => {
  let name: string;
  let url: string;
  {
    await using database = await createEmptyDatabase();
    ({ name, url } = database);
  }
  const query = 'SELECT FROM pg_database WHERE datname = $1';
  expect(await runAdminStatement(databaseUrl(url, 'postgres'), query, [name])).toEqual([]);
});

test('an empty database has no tables', async () => {
  await using database = await createEmptyDatabase();
  const tables = await runAdminStatement(database.url, `SELECT FROM pg_tables WHERE schemaname = 'public'`);
  expect(tables).toEqual([]);
});
