import { Client } from 'pg';

/** Runs one statement over its own connection, usually to the server's maintenance database. */
export async function runAdminStatement(
  adminUrl: string,
  statement: string,
  values: readonly string[] = [],
): Promise<readonly Row[]> {
  const client = new Client({ connectionString: adminUrl });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Row>(statement, [...values])).rows;
  } finally {
    await client.end();
  }
}

export type Row = Readonly<Record<string, unknown>>;

/** The URL of another database on the same server. */
export function databaseUrl(adminUrl: string, database: string): string {
  const url = new URL(adminUrl);
  url.pathname = `/${database}`;
  return url.href;
}
