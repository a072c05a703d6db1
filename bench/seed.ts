import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Database } from '@phaselock/store';

/** Runs before either seed: switches off triggers, foreign keys and synchronous commits, and defines `seed_id`. */
const PREPARE = 'seed-prepare.sql';

/** Runs each statement of a SQL file separately, with the placeholder `name` replaced by the count. */
export async function seed({ pool }: Database, file: string, name: string, count: number): Promise<void> {
  for (const from of [PREPARE, file]) {
    const text = readFileSync(join(import.meta.dirname, from), 'utf8').replaceAll(name, String(count));
    for (const statement of text.split(/;\n(?!\s*\$\$)/)) if (statement.trim() !== '') await pool.pg.query(statement);
  }
}
