import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

type HeldStatement = {
  /** Resolves when the client has sent the statement and the proxy holds it. */
  readonly onItsWay: Promise<void>;
  /**
   * Delivers the statement, even if its client has disconnected. Resolves when the server has closed the connection.
   */
  arrive(): Promise<void>;
  /** Delivers the statement, and everything after it as it comes. */
  pass(): Promise<void>;
};

type Held = { readonly database: Socket; readonly bytes: Buffer[]; goOn(): void };

export type StatementHoldingProxy = AsyncDisposable & {
  /** URL of the same database, through the proxy. */
  readonly url: string;
  /** Holds the next statement of this name, and everything after it on its connection, until `arrive` is called. */
  hold(statement: string): HeldStatement;
};

/**
 * A TCP proxy in front of PostgreSQL that simulates late delivery: a statement arrives after its client has given up.
 */
export async function statementHoldingProxy(databaseUrl: string): Promise<StatementHoldingProxy> {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  let armed: { readonly statement: string; readonly caught: (held: Held) => void } | undefined;

  const server = createServer((client) => {
    const database = connect({ host: target.hostname, port: Number(target.port) });
    let held: Buffer[] | undefined;
    for (const socket of [client, database]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => sockets.delete(socket));
    }
    client.on('data', (data) => {
      if (armed !== undefined && data.includes(armed.statement)) {
        const bytes = [data];
        held = bytes;
        const goOn = (): void => {
          held = undefined;
          database.write(Buffer.concat(bytes));
        };
        armed.caught({ database, bytes, goOn });
        armed = undefined;
      } else if (held === undefined) database.write(data);
      else held.push(data);
    });
    client.on('close', () => {
      if (held === undefined) database.destroy();
    });
    database.on('data', (data) => client.write(data));
    database.on('close', () => client.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The proxy has no port.');
  const url = new URL(databaseUrl);
  url.host = `127.0.0.1:${address.port}`;

  return {
    url: url.href,
    hold(statement) {
      const sent = Promise.withResolvers<Held>();
      armed = { statement, caught: sent.resolve };
      return {
        onItsWay: sent.promise.then(() => undefined),
        async arrive() {
          const { database, bytes } = await sent.promise;
          const closed = once(database, 'close');
          database.end(Buffer.concat(bytes));
          await closed;
        },
        async pass() {
          const { goOn } = await sent.promise;
          goOn();
        },
      };
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
