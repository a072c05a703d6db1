import { once } from 'node:events';
import { createServer, type IncomingMessage, request as requestTo } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readBody } from './read-body.ts';

const server = createServer();
let port: number;
beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  port = typeof address === 'object' && address !== null ? address.port : expect.fail('no port');
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

/** Sends the head of a request with a body in chunks; the test sends the body. */
async function arriving() {
  const sent = requestTo({ port, host: '127.0.0.1', method: 'POST', headers: { 'Transfer-Encoding': 'chunked' } });
  // The tests break connections, which the client sees as an error.
  sent.on('error', () => undefined);
  sent.flushHeaders();
  const taken = await new Promise<IncomingMessage>((resolve) => void server.once('request', resolve));
  return { sent, taken };
}

const listenersOn = (request: IncomingMessage): number[] =>
  ['data', 'end', 'error', 'close'].map((event) => request.listenerCount(event));

const NONE = [0, 0, 0, 0];

describe('readBody leaves no listener on the request', () => {
  test('after a body that it read: Node closes the request as soon as the body has ended', async () => {
    const { sent, taken } = await arriving();
    const read = readBody(taken, { maxBytes: 8 });
    expect(listenersOn(taken)).toEqual([1, 1, 1, 1]);
    const atEnd = new Promise<number[]>((resolve) => void taken.once('end', () => resolve(listenersOn(taken))));
    sent.end('{"a":10}');
    expect(await read).toBe('{"a":10}');
    expect(await atEnd).toEqual(NONE);
  });

  test('after a body that it refused, and the sender may leave then', async () => {
    const { sent, taken } = await arriving();
    const read = readBody(taken, { maxBytes: 7 });
    sent.write('{"a":10}');
    await expect(read).rejects.toMatchObject({ code: 'payload_too_large' });
    expect([listenersOn(taken), taken.isPaused()]).toEqual([NONE, true]);
    sent.destroy();
    await new Promise((resolve) => void taken.once('close', resolve));
  });

  test('after its sender left, which is request_aborted', async () => {
    const { sent, taken } = await arriving();
    const read = readBody(taken, { maxBytes: 8 });
    sent.write('{"a"', () => sent.destroy());
    await expect(read).rejects.toMatchObject({ code: 'request_aborted' });
    expect(listenersOn(taken)).toEqual(NONE);
  });
});
