import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Database } from '@phaselock/store';

/** Runs each statement of a SQL file separately, with its `$NAME` placeholders replaced by numbers. */
export async function runStatements(
  { pool }: Database,
  file: string,
  numbers: Readonly<Record<string, number>>,
): Promise<void> {
  const text = await readFile(join(import.meta.dirname, file), 'utf8');
  const filled = text.replaceAll(/\$([A-Z]+)\b/g, (name, known: string) => String(numbers[known] ?? name));
  for (const statement of filled.split(/;\n(?!\s*\$\$)/)) if (statement.trim() !== '') await pool.pg.query(statement);
}
