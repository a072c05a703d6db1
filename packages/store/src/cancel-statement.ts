import { connect, type Socket } from 'node:net';
import type { PoolClient } from 'pg';

const CANCEL_REQUEST = 80_877_102;
const GIVE_UP_AFTER_MS = 2_000;

/**
 * Asks the server to end what runs on this connection, over a second one, as PostgreSQL has it: the request is not answered. It may come when the
 * statement has ended, so a connection of which it was asked is not used again.
 */
export function cancelStatement(client: PoolClient): void {
  const request = cancelRequestFor(client);
  if (request === undefined) return;
  const socket = reach(client);
  const end = (): void => void socket.destroy();
  // A server that cannot be reached runs the statement until its own bounds, which the write itself judges.
  socket.on('error', end).setTimeout(GIVE_UP_AFTER_MS, end).unref();
  socket.on('close', end).end(request);
}

function reach({ host, port }: PoolClient): Socket {
  return host.startsWith('/') ? connect(`${host}/.s.PGSQL.${port}`) : connect({ host, port });
}

/** The process and the secret the server told when the connection was made. */
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
