import pg from 'pg';

/** A connection of its own for LISTEN: it must reach the primary, and not through a pooler in transaction mode. */
export async function connectListener(url: string): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: url,
    application_name: 'phaselock-listener',
    keepAlive: true,
    connectionTimeoutMillis: 2_000,
  });
  // A listener of the caller's comes later; until then an error of the connection would be somebody's crash.
  client.on('error', () => {});
  await client.connect();
  return client;
}
