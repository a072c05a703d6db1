import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { eventually } from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openTwoProcesses, prefixOf, type TwoProcesses } from '../../test/access/open-two-processes.ts';
import { archiveNow } from '../../test/archive-now.ts';

let two: TwoProcesses;
beforeAll(async () => {
  two = await openTwoProcesses();
});
afterAll(() => two[Symbol.asyncDispose]());

async function ask(text: string): Promise<Socket> {
  const { hostname, port } = new URL(two.ours.url);
  const socket = connect(Number(port), hostname);
  // The server breaks the connection off; the bytes received before count.
  socket.on('error', () => undefined);
  socket.write(text);
  await once(socket, 'readable');
  return socket;
}

async function everythingFrom(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.resume();
  if (!socket.closed) await closed;
  return Buffer.concat(chunks).toString('latin1');
}

describe('revoking its key breaks off a stalled download of', () => {
  /** Larger than the socket buffers, so the download cannot finish unread. */
  const aLongSession = async (): Promise<string> => {
    const id = await two.begin(await two.other.world.task());
    await two.query(
      `insert into session_logs (session_id, kind, line)
       select '${id}', 'stdout', repeat('x', 1000000) from generate_series(1, 40)`,
    );
    return id;
  };
  const archived = async (id: string): Promise<string> => {
    await two.other.call('DELETE', `/v1/sessions/${id}`);
    await archiveNow(two.other.api.guard.database, two.folder);
    return `/v1/archives/${id}`;
  };
  const inFlight = async (): Promise<number> => {
    const metrics = await (await fetch(`${two.ours.url}/metrics`)).text();
    // Not counting this scrape itself.
    return Number(/^phaselock_http_requests_in_flight (\d+)$/m.exec(metrics)?.[1]) - 1;
  };

  test.each([
    ['an export', async (id: string) => `/v1/sessions/${id}/export`],
    ['an export as NDJSON', async (id: string) => `/v1/sessions/${id}/export?format=ndjson`],
    ['an archive', archived],
  ])('%s', async (_what, pathOf) => {
    const path = await pathOf(await aLongSession());
    const key = await two.other.keyFor(['sessions:read', 'archive:read']);
    const socket = await ask(`GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${key}\r\n\r\n`);
    await eventually(async () => expect(await inFlight()).toBe(1));
    await two.query(`update api_keys set revoked_at = now() where prefix = '${prefixOf(key)}'`);
    await eventually(async () => expect(await inFlight()).toBe(0));
    const received = await everythingFrom(socket);
    expect(received).toMatch(/^HTTP\/1\.1 200 /);
    expect(received.endsWith('\r\n0\r\n\r\n')).toBe(false);
  });
});

test('a request whose body arrives after its key was revoked is refused', async () => {
  const key = await two.other.keyFor(['sessions:write']);
  const body = JSON.stringify({ projectId: two.other.world.projectId, title: 'too late' });
  const head = `POST /v1/tasks HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer ${key}`;
  const about = `Content-Type: application/json\r\nContent-Length: ${body.length}\r\nExpect: 100-continue`;
  const socket = await ask(`${head}\r\n${about}\r\n\r\n`);
  expect(String(socket.read())).toContain('100 Continue');
  await two.revoke(key, two.ours);
  socket.write(body);
  expect(await everythingFrom(socket)).toMatch(/^HTTP\/1\.1 401 /);
  expect((await two.query("select from tasks where title = 'too late'")).rowCount).toBe(0);
});
