import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

type HeldStatement = {
  /** It has been sent, and is somewhere on its way. */
  readonly onItsWay: Promise<void>;
  /** Lets it arrive, whether or not anybody is left who sent it; resolves when the server has closed the connection. */
  arrive(): Promise<void>;
};

export type StatementHoldingProxy = AsyncDisposable & {
  /** The same database, by way of the proxy. */
  readonly url: string;
  /** The next statement of this name, and what follows it on its connection, does not arrive before it is let. */
  hold(statement: string): HeldStatement;
};

/** A network that delivers late: what was sent arrives after its sender has given up. */
export async function statementHoldingProxy(databaseUrl: string): Promise<StatementHoldingProxy> {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  let armed: { readonly statement: string; readonly caught: (database: Socket, first: Buffer) => Buffer[] } | undefined;

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
        held = armed.caught(database, data);
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
      const sent = Promise.withResolvers<{ database: Socket; bytes: Buffer[] }>();
      armed = {
        statement,
        caught: (database, first) => {
          const bytes = [first];
          sent.resolve({ database, bytes });
          return bytes;
        },
      };
      return {
        onItsWay: sent.promise.then(() => undefined),
        async arrive() {
          const { database, bytes } = await sent.promise;
          const closed = once(database, 'close');
          database.end(Buffer.concat(bytes));
          await closed;
        },
      };
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
