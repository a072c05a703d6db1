import { createServer, type RequestListener, type Server } from 'node:http';
import { answerClientError } from '../intake/client-error.ts';
import { type LastAnswers, lastAnswers } from './last-answers.ts';
import { listening } from './listening.ts';

export type Listening = {
  readonly server: Server;
  readonly url: string;
  readonly answers: LastAnswers;
};

type Bounds = {
  readonly host: string;
  readonly port: number;
  readonly requestTimeoutMs: number;
  readonly headersTimeoutMs: number;
};

/**
 * Longer than a load balancer keeps an idle connection. Otherwise it could send a request on a connection that is just
 * being closed.
 */
const KEEP_ALIVE_MS = 65_000;
const MAX_HEADER_BYTES = 16_384;
const CHECK_EVERY_MS = 1_000;

export async function listen(application: RequestListener, bounds: Bounds): Promise<Listening> {
  const { host, port, requestTimeoutMs, headersTimeoutMs } = bounds;
  const { gate, watch } = lastAnswers(() => performance.now());
  const server = createServer(
    {
      requestTimeout: requestTimeoutMs,
      headersTimeout: Math.min(headersTimeoutMs, requestTimeoutMs),
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
      connectionsCheckingInterval: CHECK_EVERY_MS,
      // Refuses requests that two parsers could read differently.
      insecureHTTPParser: false,
    },
    gate(application),
  );
  const answers = watch(server);
  server.on('clientError', answerClientError);
  server.listen(port, host);
  const bound = await listening(server, 'PHASELOCK_PORT');
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${bound}`;
  return { server, url, answers };
}
