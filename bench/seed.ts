import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Database } from '@phaselock/store';

/** Switches off triggers, foreign keys and synchronous commits, and defines the functions that the seeds use. */
export const prepareSeed = async (database: Database): Promise<void> => seed(database, 'seed-prepare.sql', {});

/**
 * Runs each statement of a SQL file separately, with its placeholders replaced. For the one connection on which
 * `prepareSeed` ran.
 */
export async function seed(
  { pool }: Database,
  file: string,
  placeholders: Readonly<Record<`$${string}`, string | number>>,
): Promise<void> {
  const text = Object.entries(placeholders).reduce(
    (sql, [name, value]) => sql.replaceAll(name, String(value)),
    readFileSync(join(import.meta.dirname, file), 'utf8'),
  );
  for (const statement of text.split(/;\n(?!\s*\$\$)/)) if (statement.trim() !== '') await pool.pg.query(statement);
}
