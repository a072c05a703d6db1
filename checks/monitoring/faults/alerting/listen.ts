import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Answer = { readonly status: number; readonly body: object };

/** Starts an HTTP server on loopback that accepts JSON. */
export async function listenForJson(
  answer: (body: unknown, request: IncomingMessage) => Answer,
): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer((request, response) => {
    void readJson(request).then((body) => {
      const { status, body: told } = answer(body, request);
      response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(told));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port was given');
  return {
    url: `http://127.0.0.1:${address.port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Returns undefined for a body that is not JSON. */
async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  try {
    return JSON.parse(Buffer.concat(chunks).toString());
  } catch {
    return undefined;
  }
}
