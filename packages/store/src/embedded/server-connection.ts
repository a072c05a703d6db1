import { Client, type ClientConfig } from 'pg';

export const DATABASE = 'phaselock';

export type ServerAddress = { readonly port: number; readonly password: string };

export function serverUrl({ port, password }: ServerAddress, database: string): string {
  return `postgres://postgres:${password}@127.0.0.1:${port}/${database}`;
}

/** Whether the server answers and serves this cluster. Another server may use the port of a dead one. */
export async function isAnswering(address: ServerAddress, cluster: string): Promise<boolean> {
  try {
    return await withClient(address, async (client) => {
      const { rows } = await client.query<{ directory: string }>(
        `SELECT current_setting('data_directory') AS directory`,
      );
      return rows[0]?.directory === cluster;
    });
  } catch (error) {
    if (isPasswordRefused(error)) {
      throw new Error(`The PostgreSQL on port ${address.port} refuses the password of ${cluster}.`, { cause: error });
    }
    return false;
  }
}

export async function ensureDatabase(address: ServerAddress): Promise<void> {
  await withClient(address, async (client) => {
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [DATABASE]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE}`);
  });
}

async function withClient<Result>(address: ServerAddress, use: (client: Client) => Promise<Result>): Promise<Result> {
  const config: ClientConfig = { connectionString: serverUrl(address, 'postgres'), connectionTimeoutMillis: 5_000 };
  const client = new Client(config);
  // Without an error listener, a broken connection would end the process. A running query fails on its own.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await use(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

function isPasswordRefused(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === '28P01';
}
