import type pg from 'pg';
import type { Finding } from '../src/finding.ts';

/**
 * Applies the printed repairs as an operator would: in one transaction, with all triggers and constraints. Returns how
 * many rows they changed.
 */
export async function applyRepairs(pool: pg.Pool, findings: readonly Pick<Finding, 'repair'>[]): Promise<number> {
  const client = await pool.connect();
  let changed = 0;
  try {
    await client.query('begin');
    for (const { repair } of findings) {
      if (repair === null) continue;
      const results = await client.query(repair);
      for (const { command, rowCount, rows } of [results].flat())
        changed += command === 'SELECT' ? rows.filter(({ outcome }) => outcome === 'deleted').length : (rowCount ?? 0);
    }
    await client.query('commit');
    return changed;
  } finally {
    client.release(true);
  }
}
