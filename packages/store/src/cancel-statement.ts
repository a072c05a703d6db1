import { connect, type Socket } from 'node:net';
import type { PoolClient } from 'pg';

const CANCEL_REQUEST = 80_877_102;
const GIVE_UP_AFTER_MS = 2_000;

/**
 * Sends a PostgreSQL cancel request for this connection over a second one. The server does not answer it, and it may
 * arrive after the statement has ended and cancel the next one. So the connection must not be used again.
 */
export function cancelStatement(client: PoolClient): void {
  const request = cancelRequestFor(client);
  if (request === undefined) return;
  const socket = reach(client);
  const end = (): void => void socket.destroy();
  // If the server cannot be reached, the statement runs until a server-side time-out. A write that finishes too late
  // then fails in its own `in_time` check.
  socket.on('error', end).setTimeout(GIVE_UP_AFTER_MS, end).unref();
  socket.on('close', end).end(request);
}

function reach({ host, port }: PoolClient): Socket {
  return host.startsWith('/') ? connect(`${host}/.s.PGSQL.${port}`) : connect({ host, port });
}

/** Builds the request from the process id and the secret that the server sent when the connection was opened. */
function cancelRequestFor(client: PoolClient): Buffer | undefined {
  const processId: unknown = Reflect.get(client, 'processID');
  const secret: unknown = Reflect.get(client, 'secretKey');
  if (typeof processId !== 'number' || typeof secret !== 'number') return undefined;
  const request = Buffer.alloc(16);
  request.writeInt32BE(request.length, 0);
  request.writeInt32BE(CANCEL_REQUEST, 4);
  request.writeInt32BE(processId, 8);
  request.writeInt32BE(secret, 12);
  return request;
}
