import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import { databaseUrl, runAdminStatement } from './admin-statement.ts';

export type TestDatabase = AsyncDisposable & { readonly url: string; readonly name: string };

/** Creates a separate database with the current schema. */
export async function createTestDatabase(): Promise<TestDatabase> {
  return createDatabase(inject('testServer').template);
}

/** Creates an empty database, for tests of migrations. */
export async function createEmptyDatabase(): Promise<TestDatabase> {
  return createDatabase('template0');
}

async function createDatabase(template: string): Promise<TestDatabase> {
  const { adminUrl, prefix } = inject('testServer');
  const name = `${prefix}${randomBytes(6).toString('hex')}`;
  await runAdminStatement(adminUrl, `CREATE DATABASE ${name} TEMPLATE ${template}`);
  return {
    name,
    url: databaseUrl(adminUrl, name),
    [Symbol.asyncDispose]: async () => {
      await runAdminStatement(adminUrl, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    },
  };
}
