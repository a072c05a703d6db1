import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { migrate } from '@phaselock/store';
import type { TestProject } from 'vitest/node';
import { databaseUrl, runAdminStatement } from './admin-statement.ts';
import { findServer } from './find-server.ts';
import type { TestServer } from './test-server.ts';

/**
 * Runs once per test run: finds a server and creates a migrated template database on it. The returned function removes
 * both.
 */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const server = await findServer(process.env);
  const run = randomBytes(4).toString('hex');
  const testServer = {
    adminUrl: server.adminUrl,
    template: `phaselock_template_${run}`,
    prefix: `phaselock_t_${run}_`,
  };
  const tearDown = async () => {
    await dropDatabases(testServer).finally(server.stop);
  };
  try {
    await makeTemplate(testServer);
  } catch (error) {
    await tearDown();
    throw error;
  }
  project.provide('testServer', testServer);
  return tearDown;
}

async function makeTemplate({ adminUrl, template }: TestServer): Promise<void> {
  await runAdminStatement(adminUrl, `CREATE DATABASE ${template} TEMPLATE template0`);
  await migrate(databaseUrl(adminUrl, template));
  // For mutation tests: the SQL in this file removes one guard from the schema, and the tests must then fail.
  const mutation = process.env.PHASELOCK_TEST_MUTATION;
  if (mutation !== undefined)
    await runAdminStatement(databaseUrl(adminUrl, template), await readFile(mutation, 'utf8'));
  // PostgreSQL cannot clone a database that has open connections.
  await runAdminStatement(adminUrl, `ALTER DATABASE ${template} ALLOW_CONNECTIONS false`);
}

/** Also drops the databases that killed tests left behind: the server may outlive this run. */
async function dropDatabases({ adminUrl, template, prefix }: TestServer): Promise<void> {
  const left = await runAdminStatement(adminUrl, 'SELECT datname FROM pg_database WHERE starts_with(datname, $1)', [
    prefix,
  ]);
  for (const name of [...left.map(({ datname }) => String(datname)), template]) {
    await runAdminStatement(adminUrl, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  }
}
