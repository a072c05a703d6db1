import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { migrate } from '@phaselock/store';
import { createEmptyDatabase, createTestDatabase } from '@phaselock/testkit';
import pg from 'pg';
import { expect, test } from 'vitest';
import { renderMigratedSchema } from '../../../test/render-migrated-schema.ts';
import { auditOwnDatabase } from '../../audit-own-database.ts';
import { OtherSchema } from '../../source.ts';
import { RELEASED_MIGRATIONS } from './migrated-schema.ts';
import { objectsIn, schemaSql } from './read-schema.ts';
import { numberOf } from './schema-version.ts';

const FILE = join(import.meta.dirname, 'migrated-schema.json');
const MIGRATIONS = join(import.meta.dirname, '../../../../store/migrations');
const HOW = 'Generated file: PHASELOCK_UPDATE_SCHEMA=1 npx pnpm@12 test packages/audit/src/own/schema';

/** Runs statements one after the other, and returns the rows of the last one. */
async function ask<Row extends pg.QueryResultRow>(url: string, ...statements: readonly string[]): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    let rows: Row[] = [];
    for (const sql of statements) rows = (await client.query<Row>(sql)).rows;
    return rows;
  } finally {
    await client.end();
  }
}

const schemaFindings = async (url: string): Promise<unknown[]> => {
  const { findings, summary } = await auditOwnDatabase(url);
  expect(summary.incomplete).toEqual([]);
  return findings.filter(({ rule }) => rule === 'SV303');
};

test('migrated-schema.json has every definition that the migrations make; PHASELOCK_UPDATE_SCHEMA=1 rewrites it', async () => {
  await using database = await createTestDatabase();
  const [read] = await ask<{ objects: unknown }>(database.url, 'set search_path = public, pg_temp', schemaSql());
  const migrations = await ask<{ version: number; name: string; checksum: string }>(
    database.url,
    'select version, name, checksum from phaselock_migrations order by version',
  );
  const made = renderMigratedSchema(migrations, objectsIn(JSON.stringify(read?.objects)));
  if (process.env.PHASELOCK_UPDATE_SCHEMA === '1') await writeFile(FILE, made);
  expect(await readFile(FILE, 'utf8'), HOW).toBe(made);
});

test('the migrations in migrated-schema.json are the released files', async () => {
  const released = await readFile(join(MIGRATIONS, 'released.sha256'), 'utf8');
  expect(RELEASED_MIGRATIONS.map((one) => `${one.checksum}  ${numberOf(one.version)}_${one.name}.sql\n`).join('')).toBe(
    released,
  );
});

test('a database that was just migrated has no finding', async () => {
  await using database = await createTestDatabase();
  expect(await schemaFindings(database.url)).toEqual([]);
});

test('a database with rows is refused after each migration but the last, and then has no finding', {
  timeout: 120_000,
}, async () => {
  await using database = await createEmptyDatabase();
  const folder = await mkdtemp(join(tmpdir(), 'phaselock-upgrade-'));
  try {
    const files = (await readdir(MIGRATIONS)).filter((file) => file.endsWith('.sql')).toSorted();
    for (const [index, file] of files.entries()) {
      await cp(join(MIGRATIONS, file), join(folder, file));
      await migrate(database.url, pathToFileURL(`${folder}/`));
      if (index === 0) await ask(database.url, ...ROWS);
      if (index < files.length - 1)
        await expect(auditOwnDatabase(database.url), file).rejects.toThrow(
          `this database is at ${file.replace('_', ' (').replace('.sql', ')')}; this auditor knows`,
        );
    }
  } finally {
    await rm(folder, { recursive: true });
  }
  expect(await schemaFindings(database.url)).toEqual([]);
});

const ID = '10000000-0000-7000-8000-000000000001';
const ROWS = [
  `insert into projects (id, name) values ('${ID}', 'p')`,
  `insert into tasks (id, project_id, title) values ('${ID}', '${ID}', 't')`,
  `insert into slots (task_id, phase, mode, generation, version) values ('${ID}', 'run', 'standard', 1, 1)`,
  `insert into sessions (id, task_id, phase, mode, agent, status, generation, guarded, created_at, updated_at)
   values ('${ID}', '${ID}', 'run', 'standard', 'codex', 'ready', 1, true, now(), now())`,
  `insert into session_events (task_id, phase, mode, session_id, type, generation, at)
   values ('${ID}', 'run', 'standard', '${ID}', 'created', 1, now())`,
];

test.each([
  ['delete from phaselock_migrations where version > 9', 'this database is at 0009 (keep_what_was_not_archived)'],
  [
    "insert into phaselock_migrations (version, name, checksum, breaking) values (9001, 'later', 'x', false)",
    'this database is at 9001 (later)',
  ],
  ['delete from phaselock_migrations', 'this database records no migration'],
  ['drop table phaselock_migrations', 'this database records no migration'],
])('after %s, nothing is audited and the reason is told', async (sql, why) => {
  await using database = await createTestDatabase();
  await ask(database.url, sql);
  const audited = auditOwnDatabase(database.url);
  await expect(audited).rejects.toThrow(why);
  await expect(audited).rejects.toBeInstanceOf(OtherSchema);
});

test('definitions are read from the schema in which the tables are, whatever the search path of the role', async () => {
  await using database = await createTestDatabase();
  const elsewhere = new URL(database.url);
  elsewhere.searchParams.set('options', '-c search_path=elsewhere,moved -c quote_all_identifiers=on');
  await ask(database.url, 'create schema elsewhere', 'alter schema public rename to moved');
  expect(await schemaFindings(elsewhere.href)).toEqual([]);
  await ask(elsewhere.href, 'drop index sessions_one_live');
  expect(await schemaFindings(elsewhere.href)).toHaveLength(1);
});
