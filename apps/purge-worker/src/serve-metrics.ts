import { createServer } from 'node:http';
import type { ArchiveTelemetry } from '@phaselock/telemetry';

/** What programs of this machine call it. A web page can make another name point here. */
const THIS_MACHINE = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/i;

/** `/metrics` and `/healthz`, on loopback and nowhere else: there is no authentication here. */
export async function serveMetrics(
  telemetry: ArchiveTelemetry,
  port: number,
): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer((request, response) => {
    const [pathname] = (request.url ?? '/').split('?', 1);
    if (!THIS_MACHINE.test(request.headers.host ?? '')) return void response.writeHead(403).end();
    if (request.method !== 'GET' && request.method !== 'HEAD') return void response.writeHead(405).end();
    if (pathname === '/healthz') return void response.writeHead(200, { 'Content-Type': 'text/plain' }).end('ok\n');
    if (pathname !== '/metrics') return void response.writeHead(404).end();
    telemetry.exposition().then(
      (text) => response.writeHead(200, { 'Content-Type': telemetry.contentType }).end(text),
      () => response.writeHead(500).end(),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  const at = address === null || typeof address === 'string' ? port : address.port;
  return {
    url: `http://127.0.0.1:${at}/metrics`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
