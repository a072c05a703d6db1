import { connect, createServer, type Socket } from 'node:net';

export type AnswerLosingProxy = AsyncDisposable & {
  /** URL of the same database, through the proxy. */
  readonly url: string;
  /**
   * Lets the server execute and commit the next statement of this name, then cuts the connection before the answer
   * arrives. Resolves after the cut.
   */
  loseAnswerTo(statement: string): Promise<void>;
};

/**
 * The message ReadyForQuery with status idle: no transaction is open, so every earlier statement is committed or rolled
 * back.
 */
const IDLE = Buffer.from([0x5a, 0, 0, 0, 5, 0x49]);

type Loss = { readonly statement: string; readonly happened: () => void };

/** A TCP proxy in front of PostgreSQL that simulates a network failure after a commit and before its answer. */
export async function answerLosingProxy(databaseUrl: string): Promise<AnswerLosingProxy> {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  let armed: Loss | undefined;

  const server = createServer((client) => {
    const database = connect({ host: target.hostname, port: Number(target.port) });
    let losing: Loss | undefined;
    let kept = Buffer.alloc(0);
    const cut = () => {
      client.destroy();
      database.destroy();
    };
    for (const socket of [client, database]) {
      sockets.add(socket);
      socket.on('error', cut);
      socket.on('close', cut);
    }
    client.on('data', (data) => {
      if (armed !== undefined && data.includes(armed.statement)) {
        losing = armed;
        armed = undefined;
      }
      database.write(data);
    });
    database.on('data', (data) => {
      if (losing === undefined) return void client.write(data);
      kept = Buffer.concat([kept, data]);
      if (!kept.includes(IDLE)) return;
      cut();
      losing.happened();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The proxy has no port.');
  const url = new URL(databaseUrl);
  url.host = `127.0.0.1:${address.port}`;

  return {
    url: url.href,
    loseAnswerTo: (statement) =>
      new Promise((happened) => {
        armed = { statement, happened };
      }),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
