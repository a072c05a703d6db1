import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

const ENGLISH = Buffer.from('SERROR\0VERROR\0');
const GERMAN = Buffer.from('SFEHLER\0VERROR\0');
const LENGTH_BYTES = 4;

/** A TCP proxy in front of PostgreSQL whose errors have the severity of a server with `lc_messages = de_DE`. */
export async function translatingProxy(databaseUrl: string): Promise<AsyncDisposable & { readonly url: string }> {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const database = connect({ host: target.hostname, port: Number(target.port) });
    for (const socket of [client, database]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
    }
    client.on('close', () => database.destroy());
    database.on('close', () => client.destroy());
    client.on('data', (data) => database.write(data));
    database.on('data', (data) => client.write(translated(data)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The proxy has no port.');
  const url = new URL(databaseUrl);
  url.host = `127.0.0.1:${address.port}`;
  return {
    url: url.href,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The length of each changed message grows with its text. */
function translated(data: Buffer): Buffer {
  let result = data;
  for (let at = result.indexOf(ENGLISH); at > LENGTH_BYTES; at = result.indexOf(ENGLISH, at + GERMAN.length)) {
    const head = Buffer.from(result.subarray(0, at));
    const lengthAt = at - LENGTH_BYTES;
    head.writeInt32BE(head.readInt32BE(lengthAt) + GERMAN.length - ENGLISH.length, lengthAt);
    result = Buffer.concat([head, GERMAN, result.subarray(at + ENGLISH.length)]);
  }
  return result;
}
