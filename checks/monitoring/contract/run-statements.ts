import pg from 'pg';
import type { Statements } from './blocks-of-runbooks.ts';

/**
 * Runs each block in a transaction that is rolled back, and that is read-only unless the block is marked as changing
 * data. Returns the errors.
 */
export async function runStatements(
  blocks: readonly Statements[],
  databaseUrl: string,
  variables: Readonly<Record<string, string>>,
): Promise<string[]> {
  const wrong: string[] = [];
  for (const { file, line, sql, changes } of blocks) {
    // Each block has its own connection, because one block terminates idle connections.
    const client = new pg.Client({ connectionString: databaseUrl, application_name: 'runbooks' });
    await client.connect();
    try {
      await client.query(changes ? 'begin' : 'begin read only');
      await client.query("set local statement_timeout = '20s'");
      await client.query(withValues(sql, variables));
      await client.query('rollback');
    } catch (error) {
      wrong.push(`${file}:${line}: ${error instanceof Error ? error.message : String(error)}\n${sql}`);
    } finally {
      await client.end();
    }
  }
  return wrong;
}

/** Fills in psql variables such as `:'session'`. */
function withValues(sql: string, variables: Readonly<Record<string, string>>): string {
  return sql.replaceAll(/:'(\w+)'/g, (written, name: string) => {
    const value = variables[name];
    if (value === undefined) throw new Error(`${written} has no value`);
    return `'${value}'`;
  });
}
