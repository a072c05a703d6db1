import { Socket } from 'node:net';
import pg from 'pg';

/** The socket apart: what reads slowly pauses it, and the server waits. */
export type Connection = { readonly client: pg.Client; readonly flow: Socket };

const CONNECT_TIMEOUT_MS = 5_000;

/** Every value as the database prints it. */
const AS_PRINTED = { getTypeParser: () => (value: string) => value };

export async function connect(url: string): Promise<Connection & AsyncDisposable> {
  const flow = new Socket();
  const client = new pg.Client({
    stream: () => flow,
    connectionString: url,
    application_name: 'verify-sessions',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    types: AS_PRINTED,
  });
  // A connection that dies between two statements is told by the next one.
  client.on('error', () => undefined);
  const end = (): Promise<void> => client.end().catch(() => undefined);
  try {
    await client.connect();
  } catch (error) {
    await end();
    throw error;
  }
  return { client, flow, [Symbol.asyncDispose]: end };
}
