import { connect as connectSocket } from 'node:net';

/** Identifies a server process; PostgreSQL sends it when a connection begins. */
export type BackendKey = { readonly processID: number; readonly secretKey: number };

/** PostgreSQL's code of a CancelRequest, in the place of a protocol version. */
const CANCEL_REQUEST = 80_877_102;
const REQUEST_BYTES = 16;
const TIMEOUT_MS = 2_000;

/**
 * Cancels the current statement of a server process by a CancelRequest over a connection of its own. This needs no
 * right in the database, unlike `pg_cancel_backend`. The server closes that connection after it has sent the signal;
 * a failure is ignored, because the protocol has no answer that would tell it.
 */
export function cancelStatement(
  { host, port }: { readonly host: string; readonly port: number },
  { processID, secretKey }: BackendKey,
): Promise<void> {
  const request = Buffer.alloc(REQUEST_BYTES);
  [REQUEST_BYTES, CANCEL_REQUEST, processID, secretKey].forEach((value, index) => {
    request.writeInt32BE(value, index * 4);
  });
  return new Promise((resolve) => {
    // A host that begins with a slash is the folder of a Unix socket.
    const at = host.startsWith('/') ? { path: `${host}/.s.PGSQL.${port}` } : { host, port };
    const socket = connectSocket(at, () => socket.write(request));
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy());
    socket.on('error', () => undefined);
    socket.on('close', () => resolve());
    socket.resume();
  });
}
