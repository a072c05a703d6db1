import { connect, createServer, type Socket } from 'node:net';

export type StallableProxy = AsyncDisposable & {
  readonly port: number;
  /** From now on no data passes in either direction on any connection, although all connections stay open. */
  stall(): void;
  /** New connections pass again; the stalled ones never do. */
  recover(): void;
};

/** A TCP proxy that can silently stop passing data, for tests. */
export async function stallableProxy(target: {
  readonly host: string;
  readonly port: number;
}): Promise<StallableProxy> {
  const passing = new Set<Socket>();
  const all = new Set<Socket>();
  let stalled = false;
  const server = createServer((inner) => {
    const outer = connect(target);
    for (const socket of [inner, outer]) {
      all.add(socket);
      passing.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        inner.destroy();
        outer.destroy();
      });
    }
    inner.on('data', (data) => void (passing.has(inner) && outer.write(data)));
    outer.on('data', (data) => void (passing.has(outer) && inner.write(data)));
    if (stalled) passing.clear();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The proxy has no port.');
  return {
    port: address.port,
    stall() {
      stalled = true;
      passing.clear();
    },
    recover() {
      stalled = false;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of all) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
