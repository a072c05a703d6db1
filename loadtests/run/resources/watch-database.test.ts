import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createTestDatabase, runAdminStatement, temporaryDirectory } from '@phaselock/testkit';
import pg from 'pg';
import { expect, test } from 'vitest';
import { watchDatabase } from './watch-database.ts';

test('the file contains the WAL bytes and the most connections during the watch', async () => {
  await using database = await createTestDatabase();
  await using folder = await temporaryDirectory();
  const file = join(folder.path, 'database.json');
  const clients = Array.from({ length: 5 }, () => new pg.Client({ connectionString: database.url }));
  {
    await using watch = await watchDatabase(database.url, file);
    await Promise.all(clients.map((client) => client.connect()));
    await runAdminStatement(
      database.url,
      'create table filler as select repeat(md5(n::text), 30) from generate_series(1, 2000) n',
    );
    await watch[Symbol.asyncDispose]();
    await Promise.all(clients.map((client) => client.end()));
  }
  const { walBytes, connections } = JSON.parse(await readFile(file, 'utf8'));
  expect(walBytes).toBeGreaterThan(1_000_000);
  expect(connections).toBeGreaterThanOrEqual(5);
});

test('the WAL bytes are null if the database is gone', async () => {
  await using folder = await temporaryDirectory();
  const file = join(folder.path, 'database.json');
  const database = await createTestDatabase();
  const watch = await watchDatabase(database.url, file);
  await database[Symbol.asyncDispose]();
  await watch[Symbol.asyncDispose]();
  expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ walBytes: null });
});
