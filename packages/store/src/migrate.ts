import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import type { Database } from './database.ts';
import type { Statement } from './sql.ts';

const MIGRATIONS = new URL('../migrations/', import.meta.url);
const FILE_NAME = /^(\d{4})_([a-z0-9_]+)\.sql$/;
/** Marks, in its first line, a migration that older releases cannot work with. */
const BREAKING = /^-- breaking\b/;
const MIGRATION_LOCK = 7_274_001;

type Migration = {
  readonly version: number;
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
  readonly breaking: boolean;
};

export type MigrationStatus = {
  readonly version: number;
  readonly name: string;
  readonly state: 'applied' | 'pending' | 'changed' | 'unknown';
  readonly breaking: boolean;
  readonly appliedAt: Date | null;
};

export class MigrationError extends Error {
  override readonly name = 'MigrationError';
}

async function readMigrations(folder: URL = MIGRATIONS): Promise<Migration[]> {
  const files = (await readdir(folder)).filter((file) => FILE_NAME.test(file)).sort();
  return await Promise.all(
    files.map(async (file) => {
      const [, version = '', name = ''] = FILE_NAME.exec(file) ?? [];
      const sql = await readFile(new URL(file, folder), 'utf8');
      return {
        version: Number(version),
        name,
        sql,
        checksum: createHash('sha256').update(sql).digest('hex'),
        breaking: BREAKING.test(sql),
      };
    }),
  );
}

/**
 * Applies the pending migrations, each in its own transaction. Many processes may run it at once: each transaction
 * takes the lock, which therefore also works behind pgbouncer, and skips a migration that another process has applied.
 */
export async function migrate(databaseUrl: string, folder?: URL): Promise<MigrationStatus[]> {
  const migrations = await readMigrations(folder);
  await using client = await connect(databaseUrl);
  // Usually every migration is applied already, which needs no lock to check.
  const before = await compare(client.pg, migrations);
  refuseUnfit(before);
  if (before.every(({ state }) => state !== 'pending')) return before;
  await client.pg.query('begin');
  await client.pg.query('select pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
  await client.pg.query(`create table if not exists phaselock_migrations (
    version integer primary key, name text not null, checksum text not null, breaking boolean not null,
    applied_at timestamptz not null default clock_timestamp())`);
  await client.pg.query('commit');

  for (const migration of migrations) await applyInTurn(client.pg, migration, migrations);
  return await compare(client.pg, migrations);
}

/** lock_not_available and deadlock_detected: another transaction held a table that the migration changes. */
const LOCKED = new Set<unknown>(['55P03', '40P01']);
const MOST_TRIES = 300;
const PAUSE_MS = 1_000;

/**
 * A migration that waits for a table holds up every later reader and writer of it. A migration therefore bounds that
 * wait with `lock_timeout`, and is tried again: between two tries the others go on.
 */
async function applyInTurn(client: pg.Client, migration: Migration, all: readonly Migration[]): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    await client.query('begin');
    try {
      await client.query('select pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
      refuseUnfit(await compare(client, all));
      const { rowCount } = await client.query('select 1 from phaselock_migrations where version = $1', [
        migration.version,
      ]);
      if (rowCount === 0) await apply(client, migration);
      await client.query('commit');
      return;
    } catch (error) {
      await client.query('rollback').catch(() => {});
      if (tries === MOST_TRIES || !wasLocked(error)) throw error;
    }
    await pause(PAUSE_MS);
  }
}

const wasLocked = (error: unknown): boolean =>
  error instanceof MigrationError &&
  error.cause instanceof Error &&
  'code' in error.cause &&
  LOCKED.has(error.cause.code);

export async function migrationStatus(databaseUrl: string, folder?: URL): Promise<MigrationStatus[]> {
  const migrations = await readMigrations(folder);
  await using client = await connect(databaseUrl);
  return await compare(client.pg, migrations);
}

/**
 * Whether this release can work with the schema, for a process that does not migrate itself: every migration of this
 * release is applied with the same text. Newer migrations are accepted unless they are marked as breaking.
 */
export async function schemaFits(database: Pick<Database, 'query'>, folder?: URL): Promise<boolean> {
  const migrations = await readMigrations(folder);
  const status = statusOf(migrations, await readApplied((statement) => database.query(statement, [])));
  return status.every(({ state, breaking }) => state === 'applied' || (state === 'unknown' && !breaking));
}

async function apply(client: pg.Client, { version, name, sql, checksum, breaking }: Migration): Promise<void> {
  try {
    await client.query(sql);
  } catch (error) {
    throw new MigrationError(`migration ${version} ${name} failed and was rolled back`, { cause: error });
  }
  const values = [version, name, checksum, breaking];
  await client.query(
    'insert into phaselock_migrations (version, name, checksum, breaking) values ($1, $2, $3, $4)',
    values,
  );
}

type AppliedRow = { version: number; name: string; checksum: string; breaking: boolean; applied_at: Date };

const TABLE: Statement = {
  name: 'migrations_table',
  text: "select to_regclass('phaselock_migrations') is not null as there",
};
const APPLIED: Statement = {
  name: 'migrations_applied',
  text: 'select version, name, checksum, breaking, applied_at from phaselock_migrations order by version',
};

type Ask = <Row extends pg.QueryResultRow>(statement: Statement) => Promise<Row[]>;

async function readApplied(ask: Ask): Promise<AppliedRow[]> {
  const [table] = await ask<{ there: boolean }>(TABLE);
  return table?.there === true ? await ask<AppliedRow>(APPLIED) : [];
}

async function compare(client: pg.Client, migrations: readonly Migration[]): Promise<MigrationStatus[]> {
  const ask: Ask = async <Row extends pg.QueryResultRow>({ text }: Statement) => (await client.query<Row>(text)).rows;
  return statusOf(migrations, await readApplied(ask));
}

function statusOf(migrations: readonly Migration[], applied: readonly AppliedRow[]): MigrationStatus[] {
  const ours = migrations.map((migration): MigrationStatus => {
    const row = applied.find(({ version }) => version === migration.version);
    const state = row === undefined ? 'pending' : row.checksum === migration.checksum ? 'applied' : 'changed';
    return {
      version: migration.version,
      name: migration.name,
      state,
      breaking: migration.breaking,
      appliedAt: row?.applied_at ?? null,
    };
  });
  const theirs = applied
    .filter((row) => !migrations.some(({ version }) => version === row.version))
    .map(
      (row): MigrationStatus => ({
        version: row.version,
        name: row.name,
        state: 'unknown',
        breaking: row.breaking,
        appliedAt: row.applied_at,
      }),
    );
  return [...ours, ...theirs].sort((a, b) => a.version - b.version);
}

function refuseUnfit(status: readonly MigrationStatus[]): void {
  const changed = status.find(({ state }) => state === 'changed');
  if (changed !== undefined)
    throw new MigrationError(
      `migration ${changed.version} ${changed.name} was applied with another text than it has now`,
    );
  const newer = status.find(({ state, breaking }) => state === 'unknown' && breaking);
  if (newer !== undefined)
    throw new MigrationError(
      `the database has the newer, breaking migration ${newer.version} ${newer.name}: use a newer phaselock`,
    );
}

async function connect(databaseUrl: string): Promise<{ pg: pg.Client; [Symbol.asyncDispose](): Promise<void> }> {
  const client = new pg.Client({ connectionString: databaseUrl, application_name: 'phaselock-migrate' });
  client.on('error', () => {});
  await client.connect();
  return { pg: client, [Symbol.asyncDispose]: () => client.end() };
}
