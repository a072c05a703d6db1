import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { isFromHere, isLoopbackHost, type ValidKeys } from '@phaselock/access';
import type { ArchiveTelemetry } from '@phaselock/telemetry';
import { admitKeys } from './admit-scraper.ts';

type Serving = {
  readonly telemetry: Pick<ArchiveTelemetry, 'answerScrape'>;
  readonly host: string;
  readonly port: number;
  /** Checks the keys of scrapers that connect to an address other than loopback. */
  readonly keys: Pick<ValidKeys, 'useInOutage'>;
};

/**
 * Serves `/metrics`, and `/healthz` as a liveness check. On a loopback address, requests need no key but must carry a
 * loopback Host header, because a web page can point another host name at this address (DNS rebinding). On any other
 * address, `/metrics` requires a key.
 */
export async function serveMetrics(serving: Serving): Promise<AsyncDisposable & { readonly url: string }> {
  const { host, port, keys } = serving;
  const onlyThisMachine = isLoopbackHost(host);
  const admit = admitKeys(keys);
  const server = createServer((request, response) => {
    answer({ ...serving, onlyThisMachine, admit }, request, response).catch(() => void response.writeHead(500).end());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host.replace(/^\[|\]$/g, ''), resolve);
  });
  const address = server.address();
  const at = address === null || typeof address === 'string' ? port : address.port;
  const name = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  return {
    url: `http://${name}:${at}/metrics`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

type Answering = Pick<Serving, 'telemetry'> & {
  readonly onlyThisMachine: boolean;
  readonly admit: ReturnType<typeof admitKeys>;
};

async function answer(
  { telemetry, onlyThisMachine, admit }: Answering,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const [pathname] = (request.url ?? '/').split('?', 1);
  if (onlyThisMachine && !isFromHere(request)) return void response.writeHead(403).end();
  if (request.method !== 'GET' && request.method !== 'HEAD') return void response.writeHead(405).end();
  if (pathname === '/healthz') return void response.writeHead(200, { 'Content-Type': 'text/plain' }).end('ok\n');
  if (pathname !== '/metrics') return void response.writeHead(404).end();
  const refused = onlyThisMachine ? null : await admit(request);
  if (refused !== null) return void response.writeHead(refused, REFUSAL_HEADERS[refused]).end();
  const { text, contentType } = await telemetry.answerScrape(request.headers.accept);
  response.writeHead(200, { 'Content-Type': contentType, 'Cache-Control': 'no-store', Vary: 'Accept' }).end(text);
}

const REFUSAL_HEADERS = {
  401: { 'WWW-Authenticate': 'Bearer' },
  403: {},
  503: { 'Retry-After': '1' },
} as const;
