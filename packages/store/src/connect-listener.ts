import pg from 'pg';

/** Opens a dedicated connection for LISTEN. It must reach the primary, and not through a pooler in transaction mode. */
export async function connectListener(url: string): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: url,
    application_name: 'phaselock-listener',
    keepAlive: true,
    connectionTimeoutMillis: 2_000,
  });
  // The caller adds its own error handler later. Without one, a connection error would end the process.
  client.on('error', () => {});
  await client.connect();
  return client;
}
