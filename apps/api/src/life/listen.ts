import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { answerClientError } from '../intake/client-error.ts';

export type Listening = {
  readonly server: Server;
  readonly url: string;
  readonly inFlight: () => number;
  /** Closes the connections nothing is asked on: those that wait for a next request, and those that never had a first. */
  readonly closeUnused: () => void;
};

type Bounds = {
  readonly host: string;
  readonly port: number;
  readonly requestTimeoutMs: number;
  readonly headersTimeoutMs: number;
};

/** Longer than any balancer keeps an idle connection: otherwise it may send a request into one that is just being closed. */
const KEEP_ALIVE_MS = 65_000;
const MAX_HEADER_BYTES = 16_384;
const CHECK_EVERY_MS = 1_000;

export async function listen(application: RequestListener, bounds: Bounds): Promise<Listening> {
  const { host, port, requestTimeoutMs, headersTimeoutMs } = bounds;
  const server = createServer(
    {
      requestTimeout: requestTimeoutMs,
      headersTimeout: Math.min(headersTimeoutMs, requestTimeoutMs),
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
      connectionsCheckingInterval: CHECK_EVERY_MS,
      // A request that would be read in two ways is refused, not guessed at.
      insecureHTTPParser: false,
    },
    application,
  );
  server.on('clientError', answerClientError);
  let inFlight = 0;
  server.on('request', (_request, response) => {
    inFlight += 1;
    response.once('close', () => {
      inFlight -= 1;
    });
  });
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const closeUnused = (): void => {
    server.closeIdleConnections();
    // Browsers and clients open connections in advance; to the server such a one is not idle but about to ask.
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
  };
  server.listen(port, host);
  await once(server, 'listening');
  const address = server.address();
  const bound = typeof address === 'object' && address !== null ? address.port : port;
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${bound}`;
  return { server, url, inFlight: () => inFlight, closeUnused };
}
