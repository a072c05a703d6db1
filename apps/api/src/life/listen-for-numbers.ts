import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { listening } from './listening.ts';

export type NumbersServer = AsyncDisposable & { readonly port: number };

const NUMBERS = /^\/(?:metrics|healthz|readyz)(?:\?|$)/;
const WITHIN_MS = 10_000;

/**
 * Where one of several processes tells its own numbers, and how it is: at the port they share another one answers each time. Nothing else of the API
 * is here.
 */
export async function listenForNumbers(
  application: RequestListener,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<NumbersServer> {
  const server = createServer({ requestTimeout: WITHIN_MS, headersTimeout: WITHIN_MS }, (request, response) => {
    if (NUMBERS.test(request.url ?? '')) application(request, response);
    else response.writeHead(404).end();
  });
  // Not by way of the process that hands out the connections of the shared port.
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
