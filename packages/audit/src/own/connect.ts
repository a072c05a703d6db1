import { Socket } from 'node:net';
import pg from 'pg';

/** A client and its socket. A slow reader pauses the socket, so that the server waits (back-pressure). */
export type Connection = { readonly client: pg.Client; readonly flow: Socket };

const CONNECT_TIMEOUT_MS = 5_000;

/** Returns every value as the text that PostgreSQL sends. */
const AS_PRINTED = { getTypeParser: () => (value: string) => value };

/** Connects as `verify-sessions`; every value is read as text. */
export async function connect(url: string): Promise<Connection & AsyncDisposable> {
  const flow = new Socket();
  const client = new pg.Client({
    stream: () => flow,
    connectionString: url,
    application_name: 'verify-sessions',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    types: AS_PRINTED,
  });
  // Without a listener, this event would end the process. The next statement reports the lost connection.
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
