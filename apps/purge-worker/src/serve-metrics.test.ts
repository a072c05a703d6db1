import { once } from 'node:events';
import { type IncomingHttpHeaders, request } from 'node:http';
import { makeApiKey, validKeys } from '@phaselock/access';
import { parseApiKeyId, parseProjectId } from '@phaselock/core';
import { findApiKey, revokeApiKey, touchApiKeys } from '@phaselock/store';
import { createArchiveTelemetry } from '@phaselock/telemetry';
import { eventually } from '@phaselock/testkit';
import { expect, test } from 'vitest';
import { openTestWorker } from '../test/open-test-worker.ts';
import { boundLookups } from './admit-scraper.ts';
import { serveMetrics } from './serve-metrics.ts';

const telemetry = createArchiveTelemetry({
  program: { version: '1.2.3', revision: 'unknown' },
  standing: async () => undefined,
});
const nobody = { useInOutage: async () => undefined };
const onLoopback = () => serveMetrics({ telemetry, host: '127.0.0.1', port: 0, keys: nobody });

async function ask(url: string, path: string, headers: IncomingHttpHeaders = {}): Promise<number | undefined> {
  const asked = request(url, { path, headers }).end();
  const [response] = await once(asked, 'response');
  response.resume();
  return response.statusCode;
}

test('on loopback serves metrics without a key, and refuses requests with another Host header', async () => {
  await using metrics = await onLoopback();
  for (const host of ['localhost:4702', '127.0.0.1', '[::1]:9'])
    expect(await ask(metrics.url, '/metrics', { host })).toBe(200);
  for (const host of ['rebound.example', 'localhost.rebound.example', '127.0.0.1.example'])
    for (const path of ['/metrics', '/healthz', '/nothing'])
      expect([host, path, await ask(metrics.url, path, { host })]).toEqual([host, path, 403]);
  const passedOn = { host: 'localhost', 'x-forwarded-for': '192.0.2.1' };
  expect(await ask(metrics.url, '/metrics', passedOn)).toBe(403);
});

test('returns 404 for a malformed path and keeps serving', async () => {
  await using metrics = await onLoopback();
  for (const path of ['//', '//:', '/\\', '*', '/?'])
    expect([path, await ask(metrics.url, path, { host: 'localhost' })]).toEqual([path, 404]);
  expect(await ask(metrics.url, 'http://[', { host: 'localhost' })).toBe(403);
  expect(await ask(metrics.url, '/healthz?')).toBe(200);
});

test('on other addresses requires a key with access to metrics, and refuses a revoked key within seconds', async () => {
  await using worker = await openTestWorker();
  const { guard, world } = worker.home;
  const { database } = guard;
  let clock = 0;
  await using keys = validKeys({
    find: (prefix) => findApiKey(database, prefix),
    touch: (ids) => touchApiKeys(database.kysely, ids),
    now: () => clock,
  });
  // Listens on all addresses. The test connects over loopback, for which the same rule applies here.
  await using metrics = await serveMetrics({ telemetry, host: '0.0.0.0', port: 0, keys });
  const url = metrics.url.replace('0.0.0.0', '127.0.0.1');
  const keyFor = async (scopes: readonly string[], projectId = '') => {
    const { key, prefix, secretSha256 } = makeApiKey();
    const project = parseProjectId(projectId) ?? null;
    const { id } = await guard.addApiKey({ prefix, secretSha256, name: 'a test', scopes, projectId: project });
    return { id, asked: { authorization: `Bearer ${key}`, host: 'worker.example:4702' } };
  };
  const scraper = await keyFor(['metrics:read']);
  expect(await ask(url, '/metrics', scraper.asked)).toBe(200);
  expect(await ask(url, '/metrics', (await keyFor(['admin'])).asked)).toBe(200);
  expect(await ask(url, '/metrics', (await keyFor(['sessions:read', 'archive:read'])).asked)).toBe(403);
  expect(await ask(url, '/metrics', (await keyFor(['metrics:read'], world.projectId)).asked)).toBe(403);
  expect(await ask(url, '/metrics')).toBe(401);
  expect(await ask(url, '/metrics', { authorization: `Bearer ${makeApiKey().key}` })).toBe(401);
  expect(await ask(url, '/metrics', { authorization: 'Bearer plk_x' })).toBe(401);
  expect(await ask(url, '/healthz')).toBe(200);

  await revokeApiKey(database.kysely, scraper.id, { evenLast: true });
  clock += 5_000;
  expect(await ask(url, '/metrics', scraper.asked)).toBe(401);
});

test('limits key look-ups to two at once, accepts cached keys meanwhile, and refuses after a failed look-up', async () => {
  const { promise: away, reject } = Promise.withResolvers<undefined>();
  const { key, prefix: known, secretSha256 } = makeApiKey();
  const id = parseApiKeyId('01900000-0000-7000-8000-000000000001');
  if (id === undefined) throw new Error('that is no id');
  const stored = { id, name: 'a test', secretSha256, scopes: ['metrics:read'], projectId: null, revokedAt: null };
  let asked = 0;
  const find = (prefix: string) => {
    if (prefix === known) return Promise.resolve(stored);
    asked += 1;
    return away;
  };
  await using keys = validKeys({ find: boundLookups(find), touch: async () => undefined, now: () => 0 });
  await using metrics = await serveMetrics({ telemetry, host: '0.0.0.0', port: 0, keys });
  const url = metrics.url.replace('0.0.0.0', '127.0.0.1');
  const scrape = (text: string) => ask(url, '/metrics', { authorization: `Bearer ${text}` });
  const guess = () => scrape(makeApiKey().key);
  expect(await scrape(key)).toBe(200);
  const first = [guess(), guess()];
  await eventually(() => asked === 2);
  expect([await guess(), await scrape(key), asked]).toEqual([503, 200, 2]);
  reject(new Error('the database is away'));
  expect(await Promise.all(first)).toEqual([503, 503]);
});

test('accepts a cached key for hours while the database is down, and refuses it once known to be revoked', async () => {
  const { key, prefix, secretSha256 } = makeApiKey();
  const id = parseApiKeyId('01900000-0000-7000-8000-000000000001');
  if (id === undefined) throw new Error('that is no id');
  const stored = { id, name: 'a test', secretSha256, scopes: ['metrics:read'], projectId: null, revokedAt: null };
  const database: { isAway: boolean; revokedAt: Date | null } = { isAway: false, revokedAt: null };
  let clock = 0;
  const find = async (asked: string) => {
    if (database.isAway) throw new Error('the database is away');
    return asked === prefix ? { ...stored, revokedAt: database.revokedAt } : undefined;
  };
  await using keys = validKeys({ find: boundLookups(find), touch: async () => undefined, now: () => clock });
  await using metrics = await serveMetrics({ telemetry, host: '0.0.0.0', port: 0, keys });
  const url = metrics.url.replace('0.0.0.0', '127.0.0.1');
  const scrape = (text: string) => ask(url, '/metrics', { authorization: `Bearer ${text}` });
  expect(await scrape(key)).toBe(200);
  database.isAway = true;
  clock += 60_000;
  expect(await scrape(key)).toBe(200);
  expect(await scrape(`${key.slice(0, -1)}${key.endsWith('A') ? 'B' : 'A'}`)).toBe(401);
  expect(await scrape(makeApiKey().key)).toBe(503);
  clock += 7 * 3_600_000;
  expect(await scrape(key)).toBe(503);
  Object.assign(database, { isAway: false, revokedAt: new Date() });
  expect(await scrape(key)).toBe(401);
  database.isAway = true;
  clock += 60_000;
  expect(await scrape(key)).toBe(401);
});
