import { connect } from 'node:net';

export type Sent = { readonly status: number; readonly code: string | undefined; readonly text: string };

/**
 * Sends raw bytes over a socket, so that no HTTP library corrects them. Resolves when the server has responded or
 * closed the connection.
 */
export function sendOverTheWire(url: string, parts: readonly (string | Buffer)[]): Promise<Sent> {
  const { promise, resolve, reject } = Promise.withResolvers<Sent>();
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let text = '';
  const done = (): void => {
    socket.destroy();
    const [, status] = /^HTTP\/1\.1 (\d{3})/.exec(text) ?? [];
    const [, code] = /"code":"(\w+)"/.exec(text) ?? [];
    resolve({ status: Number(status), code, text });
  };
  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => {
    text += chunk;
    if (/\r\n\r\n(.*\}|[\da-f]+\r\n.*\}\r\n)/s.test(text)) done();
  });
  socket.on('close', done);
  socket.on('error', (error) => (text === '' ? reject(error) : done()));
  for (const part of parts) socket.write(part);
  return promise;
}
