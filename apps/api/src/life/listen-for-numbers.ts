import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { listening } from './listening.ts';

export type NumbersServer = AsyncDisposable & { readonly port: number };

const NUMBERS = /^\/(?:metrics|healthz|readyz)(?:\?|$)/;
const WITHIN_MS = 10_000;

/**
 * Serves the metrics and the health checks of one of several processes at a port of its own. On the shared port each
 * request may reach another process. No other path of the API is served.
 */
export async function listenForNumbers(
  application: RequestListener,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<NumbersServer> {
  const server = createServer({ requestTimeout: WITHIN_MS, headersTimeout: WITHIN_MS }, (request, response) => {
    if (NUMBERS.test(request.url ?? '')) application(request, response);
    else response.writeHead(404).end();
  });
  // Bypasses the primary process, which distributes the connections of the shared port.
  server.listen({ host, port, exclusive: true });
  const bound = await listening(server, 'PHASELOCK_METRICS_PORT');
  return {
    port: bound,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
