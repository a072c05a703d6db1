import type pg from 'pg';

/** Tables that planted corruptions change. */
const TABLES = [
  'projects',
  'tasks',
  'attempts',
  'slots',
  'sessions',
  'processes',
  'session_logs',
  'earlier_conversations',
  'session_events',
  'feedback',
  'archives',
] as const;

/** Runs statements in one transaction with triggers and foreign keys switched off. */
export async function plant(pool: pg.Pool, statements: readonly string[]): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query(['begin; set local session_replication_role = replica', ...statements, 'commit'].join(';\n'));
  } finally {
    client.release(true);
  }
}

/** Copies the tables, so that each corruption is planted in the same history. Returns a function that restores them. */
export async function keepTables(pool: pg.Pool): Promise<() => Promise<void>> {
  await plant(pool, ['create schema kept', ...TABLES.map((table) => `create table kept.${table} as table ${table}`)]);
  const restored = TABLES.flatMap((table) => [
    `delete from ${table}`,
    `insert into ${table} overriding system value select * from kept.${table}`,
  ]);
  return () => plant(pool, restored);
}
