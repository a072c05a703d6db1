import { Socket } from 'node:net';
import pg from 'pg';
import { type BackendKey, cancelStatement } from './cancel-statement.ts';

/** A client and its socket. A slow reader pauses the socket, so that the server waits (back-pressure). */
export type Connection = { readonly client: pg.Client; readonly flow: Socket };

const CONNECT_TIMEOUT_MS = 5_000;

/** Returns every value as the text that PostgreSQL sends. */
const AS_PRINTED = { getTypeParser: () => (value: string) => value };

/**
 * Connects as `verify-sessions`; every value is read as text. Once `ended` is aborted, the current statement is
 * cancelled at the server and every call on the connection fails.
 */
export async function connect(url: string, ended?: AbortSignal): Promise<Connection & AsyncDisposable> {
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
  const cancelling = cancelWhen(ended, client, flow);
  const end = async (): Promise<void> => {
    await client.end().catch(() => undefined);
    await cancelling[Symbol.asyncDispose]();
  };
  try {
    ended?.throwIfAborted();
    await client.connect();
  } catch (error) {
    await end();
    throw error;
  }
  return { client, flow, [Symbol.asyncDispose]: end };
}

/** Disposing waits until a cancellation that has begun is delivered. */
function cancelWhen(ended: AbortSignal | undefined, client: pg.Client, flow: Socket): AsyncDisposable {
  const state: { key?: BackendKey; cancelled?: Promise<void> } = {};
  client.connection.once('backendKeyData', (key: BackendKey) => {
    state.key = key;
  });
  const cancel = (): void => {
    // Without its connection the client cannot begin another statement after the cancelled one.
    flow.destroy();
    if (state.key !== undefined) state.cancelled = cancelStatement(client, state.key);
  };
  ended?.addEventListener('abort', cancel, { once: true });
  return {
    [Symbol.asyncDispose]: async () => {
      ended?.removeEventListener('abort', cancel);
      await state.cancelled;
    },
  };
}
