import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/**
 * How the proxy treats data. `half-answers` sends half of a response chunk, then cuts the connection. `lost-answers`
 * cuts the connection when response data arrives, so the request was done but the client gets no response.
 */
export type ProxyMode =
  | { readonly kind: 'pass' }
  | { readonly kind: 'delay'; readonly ms: number }
  | { readonly kind: 'black-hole' }
  | { readonly kind: 'half-answers'; readonly chance: number }
  | { readonly kind: 'lost-answers'; readonly chance: number };

export type TcpProxy = AsyncDisposable & {
  readonly port: number;
  set(mode: ProxyMode): void;
  cutAll(): void;
};

/** A TCP proxy between two processes on loopback that simulates network faults. */
export async function openTcpProxy(targetPort: number, chance: () => number, port = 0): Promise<TcpProxy> {
  let mode: ProxyMode = { kind: 'pass' };
  let changed = Promise.withResolvers<void>();
  const pairs = new Set<readonly [Socket, Socket]>();
  const whilePassing = async () => {
    while (mode.kind === 'black-hole') await changed.promise;
  };

  const relay = (from: Socket, to: Socket, isAnswer: boolean, cut: () => void) => {
    let before = Promise.resolve();
    from.on('data', (chunk: Buffer) => {
      from.pause();
      before = before.then(async () => {
        await whilePassing();
        if (mode.kind === 'delay') await pause(mode.ms);
        if (isAnswer && mode.kind === 'lost-answers' && chance() < mode.chance) return cut();
        if (isAnswer && mode.kind === 'half-answers' && chance() < mode.chance) {
          to.write(chunk.subarray(0, chunk.length >> 1), cut);
          return;
        }
        if (to.destroyed) return cut();
        if (!to.write(chunk))
          await new Promise<void>((resolve) => to.once('drain', resolve).once('close', () => resolve()));
        from.resume();
      });
    });
    from.on('end', () => void before.then(() => to.end()));
    from.on('error', cut);
    from.on('close', () => void before.then(cut));
  };

  const server = createServer({ noDelay: true }, (near) => {
    const far = connect({ port: targetPort, host: '127.0.0.1', noDelay: true });
    const pair = [near, far] as const;
    pairs.add(pair);
    const cut = () => {
      pairs.delete(pair);
      near.destroy();
      far.destroy();
    };
    relay(near, far, false, cut);
    relay(far, near, true, cut);
  });
  await listen(server, port);
  const cutAll = () => {
    for (const [near, far] of pairs) {
      near.destroy();
      far.destroy();
    }
    pairs.clear();
  };
  return {
    port: portOf(server),
    set: (next) => {
      mode = next;
      changed.resolve();
      changed = Promise.withResolvers<void>();
    },
    cutAll,
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
      mode = { kind: 'pass' };
      changed.resolve();
      cutAll();
      await closed;
    },
  };
}

const listen = (server: Server, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port was given');
  return address.port;
}
