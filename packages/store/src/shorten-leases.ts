import { firstRow, functionCall, type Sql } from './sql.ts';

const SHORTEN_LEASES = functionCall('shorten_leases', 1);

/**
 * Restarts leases that run longer than their length, because the database’s clock was set back after they were given:
 * each runs for its full length from now. Handles at most `limit` leases and returns their number.
 */
export async function shortenLeases(sql: Sql, limit: number): Promise<number> {
  return firstRow(await sql.query<{ shorten_leases: number }>(SHORTEN_LEASES, [limit])).shorten_leases;
}
