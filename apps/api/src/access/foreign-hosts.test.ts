import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openTestApi, type TestApi } from '../../test/open-test-api.ts';
import { sendOverTheWire } from '../../test/over-the-wire.ts';

const TASK = '01936f6e-0000-7000-8000-000000000001';
const PATHS = [
  '/',
  '/healthz',
  '/readyz',
  '/metrics',
  '/docs',
  '/openapi.json',
  '/errors',
  '/errors/forbidden',
  '/nothing-here',
  '/v1/projects',
  '/v1/admin/flags',
  `/v1/tasks/${TASK}/changes`,
] as const;

let open: TestApi;
let keyed: TestApi;
beforeAll(async () => {
  open = await openTestApi({ PHASELOCK_AUTH: 'off' });
  keyed = await openTestApi();
});
afterAll(async () => {
  await open[Symbol.asyncDispose]();
  await keyed[Symbol.asyncDispose]();
});

const ask = (api: TestApi, target: string, ...headers: string[]) =>
  sendOverTheWire(api.api.url, [`${target} HTTP/1.1\r\n${[...headers, 'Connection: close'].join('\r\n')}\r\n\r\n`]);

describe('with authentication off', () => {
  test.each(PATHS)('a request with a foreign Host header (DNS rebinding) gets 403 at %s', async (path) => {
    for (const method of ['GET', 'HEAD', 'POST', 'OPTIONS']) {
      const { status, text } = await ask(open, `${method} ${path}`, 'Host: rebound.example:4700');
      expect([method, status]).toEqual([method, 403]);
      expect(text.split('\r\n\r\n')[1]?.length ?? 0).toBeLessThan(400);
    }
  });

  test.each(PATHS)('a page of another origin gets 403 at %s', async (path) => {
    expect((await ask(open, `GET ${path}`, 'Host: localhost', 'Origin: https://example.com')).status).toBe(403);
  });

  test('the host of an absolute URL in the request line is checked, too', async () => {
    expect((await ask(open, 'GET http://rebound.example/healthz', 'Host: localhost')).status).toBe(403);
    expect((await ask(open, 'GET http://localhost/healthz', 'Host: localhost')).status).toBe(200);
  });

  test.each(PATHS)('a request forwarded by a proxy on this machine gets 403 at %s', async (path) => {
    for (const header of [
      'Forwarded: for=192.0.2.1',
      'X-Forwarded-For: 192.0.2.1',
      'X-Real-IP: 192.0.2.1',
      'Via: 1.1 p',
    ])
      expect((await ask(open, `GET ${path}`, 'Host: 127.0.0.1:4700', header)).status).toBe(403);
  });

  test('a request to a loopback name is answered', async () => {
    for (const host of ['localhost', '127.0.0.1:4700', '[::1]:4700'])
      expect((await ask(open, 'GET /healthz', `Host: ${host}`)).status).toBe(200);
  });
});

describe('with keys, on a loopback address', () => {
  test('local programs read /metrics without a key, and other requests need a key that may read metrics', async () => {
    expect((await ask(keyed, 'GET /metrics', 'Host: localhost')).text).toContain('200 OK');
    expect((await ask(keyed, 'GET /metrics', 'Host: rebound.example')).status).toBe(401);
    expect((await ask(keyed, 'GET /metrics', 'Host: localhost', 'Origin: https://example.com')).status).toBe(401);
    expect((await ask(keyed, 'GET /metrics', 'Host: 127.0.0.1:4700', 'X-Forwarded-For: 192.0.2.1')).status).toBe(401);
    // `sessions:read` allowed scraping before `metrics:read` existed, so it still does.
    for (const scope of ['metrics:read', 'admin', 'sessions:read'] as const) {
      const bearer = `Authorization: Bearer ${await keyed.keyFor([scope])}`;
      expect((await ask(keyed, 'GET /metrics', 'Host: rebound.example', bearer)).text).toContain('200 OK');
    }
    const others = await keyed.keyFor(['sessions:write', 'sessions:replace', 'archive:read']);
    const refused = await ask(keyed, 'GET /metrics', 'Host: rebound.example', `Authorization: Bearer ${others}`);
    expect(refused.status).toBe(403);
    const scraper = `Authorization: Bearer ${await keyed.keyFor(['metrics:read'])}`;
    expect((await ask(keyed, 'GET /v1/sessions', 'Host: rebound.example', scraper)).status).toBe(403);
  });
});

describe('an ambiguous request', () => {
  test.each([
    ['Host', 'localhost', 'localhost'],
    ['Host', 'localhost', 'rebound.example'],
    ['Authorization', 'Bearer one', 'Bearer two'],
    ['Content-Type', 'application/json', 'text/plain'],
    ['Origin', 'http://localhost', 'https://example.com'],
    ['If-Match', '"1"', '"2"'],
  ])('is refused when it has two %s headers', async (name, first, second) => {
    for (const api of [open, keyed]) {
      const host = name === 'Host' ? [] : ['Host: localhost'];
      for (const path of ['/healthz', '/docs', '/nothing-here', '/v1/projects'])
        expect(
          await ask(api, `GET ${path}`, ...host, `${name}: ${first}`, `${name.toLowerCase()}: ${second}`),
        ).toMatchObject({
          status: 400,
          code: 'invalid_request',
        });
    }
  });
});
