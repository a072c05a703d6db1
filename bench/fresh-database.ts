import { randomBytes } from 'node:crypto';
import { migrate, openDatabase } from '@phaselock/store';
import { installFloors } from './floor-functions.ts';

/** Creates a database on the benchmark's server, migrated to this release or as `migrations` say, with the floors. */
export async function createBenchDatabase(
  adminUrl: string,
  migrations?: URL,
): Promise<AsyncDisposable & { readonly url: string }> {
  const name = `bench_${randomBytes(4).toString('hex')}`;
  await using admin = openDatabase({ url: adminUrl, maxSize: 1 });
  await admin.pool.pg.query(`create database ${name}`);
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  await migrate(url.href, migrations);
  await using database = openDatabase({ url: url.href, maxSize: 1 });
  await installFloors(database);
  return {
    url: url.href,
    async [Symbol.asyncDispose]() {
      await using again = openDatabase({ url: adminUrl, maxSize: 1 });
      await again.pool.pg.query(`drop database if exists ${name} with (force)`);
    },
  };
}
