import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';

/** The faults the proxy can inject. */
export type Fault = 'none' | 'unavailable' | 'stalled' | 'truncated-reads' | 'refused';

export type FaultyProxy = AsyncDisposable & { readonly endpoint: string; fault: Fault };

const HALF = 0.5;

/** A proxy between a client and a real server on loopback. Requests pass unchanged, including their signatures. */
export async function faultyProxy(port: number): Promise<FaultyProxy> {
  let fault: Fault = 'none';
  const server = createServer((incoming, outgoing) => {
    if (fault === 'unavailable') return void outgoing.writeHead(503).end();
    if (fault === 'refused') return void incoming.socket.destroy();
    forward({ port, incoming, outgoing, fault });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('No port was given.');
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    get fault() {
      return fault;
    },
    set fault(next) {
      fault = next;
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

type Forwarded = {
  readonly port: number;
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly fault: Fault;
};

function forward({ port, incoming, outgoing, fault }: Forwarded): void {
  const { method, url, headers } = incoming;
  const onward = request({ host: '127.0.0.1', port, method, path: url, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
    const reading = method === 'GET' && (url ?? '').includes('sessions');
    if (!reading || fault === 'none') return void answer.pipe(outgoing);
    const bytes: Buffer[] = [];
    answer.on('data', (chunk: Buffer) => bytes.push(chunk));
    answer.on('end', () => {
      const whole = Buffer.concat(bytes);
      // Sends half of the body and then nothing more, not even the end.
      outgoing.write(whole.subarray(0, Math.floor(whole.length * HALF)));
      if (fault === 'truncated-reads') outgoing.destroy();
    });
  });
  onward.on('error', () => outgoing.destroy());
  incoming.pipe(onward);
}
