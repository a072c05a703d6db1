import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Database } from '@phaselock/store';

/** What both seeds begin with: nothing that a server would check or wait for, and ids that can be counted. */
const PREPARE = 'seed-prepare.sql';

/** A file of statements, each on its own, with a number for the name that stands for it. */
export async function seed({ pool }: Database, file: string, name: string, count: number): Promise<void> {
  for (const from of [PREPARE, file]) {
    const text = readFileSync(join(import.meta.dirname, from), 'utf8').replaceAll(name, String(count));
    for (const statement of text.split(/;\n(?!\s*\$\$)/)) if (statement.trim() !== '') await pool.pg.query(statement);
  }
}
