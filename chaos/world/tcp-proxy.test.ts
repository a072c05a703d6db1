import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTcpProxy, type ProxyMode, type TcpProxy } from './tcp-proxy.ts';

const BODY = 'x'.repeat(2_000);
let asked = 0;
const server = createServer((_, response) => {
  asked += 1;
  response.end(BODY);
});
let proxy: TcpProxy;

beforeAll(async () => {
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (!isInfo(address)) throw new Error('no port was given');
  proxy = await openTcpProxy(address.port, () => 0);
});
afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  server.close();
});

const isInfo = (address: AddressInfo | string | null): address is AddressInfo =>
  typeof address === 'object' && address !== null;
const ask = async (signal?: AbortSignal): Promise<string> =>
  (
    await fetch(`http://127.0.0.1:${proxy.port}/`, { ...(signal && { signal }), headers: { connection: 'close' } })
  ).text();

async function asking(mode: ProxyMode, signal?: AbortSignal) {
  const before = asked;
  proxy.set(mode);
  const answer = await ask(signal).then(
    (text) => text.length,
    () => 'lost' as const,
  );
  proxy.set({ kind: 'pass' });
  return { answer, arrived: asked > before };
}

test('pass and delay deliver the complete response', async () => {
  expect(await asking({ kind: 'pass' })).toEqual({ answer: BODY.length, arrived: true });
  expect(await asking({ kind: 'delay', ms: 5 })).toEqual({ answer: BODY.length, arrived: true });
});

test('lost-answers and half-answers cut the response after the server received the request', async () => {
  expect(await asking({ kind: 'lost-answers', chance: 1 })).toEqual({ answer: 'lost', arrived: true });
  expect(await asking({ kind: 'half-answers', chance: 1 })).toEqual({ answer: 'lost', arrived: true });
});

test('black-hole does not deliver the request', async () => {
  expect(await asking({ kind: 'black-hole' }, AbortSignal.timeout(50))).toEqual({ answer: 'lost', arrived: false });
});
