import pg from 'pg';
import type { Statements } from './blocks-of-runbooks.ts';

/** Each block in a transaction of its own that is undone; one that is not said to change anything, in a read-only one. Answers what went wrong. */
export async function runStatements(
  blocks: readonly Statements[],
  databaseUrl: string,
  variables: Readonly<Record<string, string>>,
): Promise<string[]> {
  const wrong: string[] = [];
  for (const { file, line, sql, changes } of blocks) {
    // A connection of its own each: one of them ends those that are idle.
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

/** `:'session'` is a variable of psql. */
function withValues(sql: string, variables: Readonly<Record<string, string>>): string {
  return sql.replaceAll(/:'(\w+)'/g, (written, name: string) => {
    const value = variables[name];
    if (value === undefined) throw new Error(`${written} has no value`);
    return `'${value}'`;
  });
}
