import { firstRow, functionCall, type Sql } from './sql.ts';

const SHORTEN_LEASES = functionCall('shorten_leases', 1);

/** Leases that the database's clock has stepped back under: each runs for its own length from now. Returns how many of at most `limit` there were. */
export async function shortenLeases(sql: Sql, limit: number): Promise<number> {
  return firstRow(await sql.query<{ shorten_leases: number }>(SHORTEN_LEASES, [limit])).shorten_leases;
}
