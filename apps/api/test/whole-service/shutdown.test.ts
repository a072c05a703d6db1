import { once } from 'node:events';
import { connect } from 'node:net';
import { resolve } from 'node:path';
import { makeApiKey } from '@phaselock/access';
import { auditOwnDatabase } from '@phaselock/audit';
import { type OpenGuard, openGuard } from '@phaselock/guard';
import { createTestDatabase, createWorld, eventually, holdLock, type SpawnedNode, spawnNode } from '@phaselock/testkit';
import { expect, test } from 'vitest';
import { type Hammered, hammer } from './hammer.ts';
import { putLoadOn } from './load.ts';
import { lostOf } from './lost.ts';

const MAIN = resolve(import.meta.dirname, '../../src/main.ts');

const startApi = (databaseUrl: string, env: Record<string, string> = {}): SpawnedNode =>
  spawnNode(MAIN, {
    env: {
      PHASELOCK_PORT: '0',
      PHASELOCK_DATABASE_URL: databaseUrl,
      PHASELOCK_RATE_LIMIT: '0',
      PHASELOCK_LOG_LEVEL: 'warn',
      // Other tests may keep the machine busy; that must not count as an overload here.
      PHASELOCK_MAX_EVENT_LOOP_DELAY_MS: '60000',
      ...env,
    },
  });

async function waitingForLocks(guard: OpenGuard): Promise<number> {
  const { rows } = await guard.database.pool.pg.query<{ waiting: number }>(
    "select count(*)::int as waiting from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()",
  );
  return rows[0]?.waiting ?? 0;
}

const urlOf = async (api: SpawnedNode): Promise<string> => (await api.waitForLine(/is up at (\S+)/))[1] ?? '';

test('on SIGTERM under load reports not ready, completes every response, loses nothing and exits with 0', async () => {
  await using database = await createTestDatabase();
  await using guard = await openGuard({ databaseUrl: database.url, invalidation: 'memory' });
  const world = await createWorld(guard);
  const taskIds = await Promise.all(Array.from({ length: 20 }, () => world.task()));
  const { key, prefix, secretSha256 } = makeApiKey();
  await guard.addApiKey({ prefix, secretSha256, name: 'load', scopes: ['admin'], projectId: null });

  await using api = startApi(database.url, { PHASELOCK_DRAIN_DELAY_MS: '400' });
  const url = await urlOf(api);
  const stream = await fetch(`${url}/v1/tasks/${taskIds[0]}/changes`, { headers: { Authorization: `Bearer ${key}` } });
  const load = putLoadOn({ url, key, taskIds, clients: 20 });
  await eventually(() => load.acknowledged.length > 300);

  api.kill('SIGTERM');
  await eventually(async () => {
    const ready = await fetch(`${url}/readyz`);
    expect(await ready.json()).toEqual({ status: 'not-ready', why: 'draining' });
  });
  const before = load.acknowledged.length;
  await eventually(() => load.acknowledged.length > before);
  expect(await api.exited).toEqual({ code: 0, signal: null });
  await load.stop();

  // The stream was ended and not cut, so a client can continue it elsewhere.
  await expect(stream.text()).resolves.toContain('event: change');
  expect([...load.problems.keys()].filter((code) => code !== 'network')).toEqual([]);
  expect(await lostOf(guard, load.acknowledged)).toEqual([]);
  const { findings } = await auditOwnDatabase(database.url);
  expect(findings.filter(({ rule }) => rule !== 'SV302')).toEqual([]);
  expect(api.lines.filter((line) => line.includes('"log.level":"error"'))).toEqual([]);
}, 60_000);

test('SIGTERM resets no connection: requests are answered before the port is closed', async () => {
  await using database = await createTestDatabase();
  await using guard = await openGuard({ databaseUrl: database.url, invalidation: 'memory' });
  await createWorld(guard);
  const total: Hammered = { answered: 0, refused: 0, reset: 0, closed: 0, torn: 0 };
  for (let round = 0; round < 3; round += 1) {
    await using api = startApi(database.url);
    const clients = hammer(await urlOf(api), { busy: 20, pausing: 40, opening: 20, pipelining: 6 });
    await eventually(() => clients.seen.answered > 3_000, { withinMs: 20_000 });
    api.kill('SIGTERM');
    expect(await api.exited).toEqual({ code: 0, signal: null });
    await clients.stop();
    total.answered += clients.seen.answered;
    total.reset += clients.seen.reset;
    total.closed += clients.seen.closed;
    total.torn += clients.seen.torn;
  }
  // A connection that the kernel accepts just before the socket closes may be lost; more losses would be a defect.
  expect(total.reset + total.closed + total.torn).toBeLessThanOrEqual(1);
}, 60_000);

test('ignores further signals during a shutdown, and aborts a hanging request at the deadline', async () => {
  await using database = await createTestDatabase();
  await using guard = await openGuard({ databaseUrl: database.url, invalidation: 'memory' });
  await createWorld(guard);
  const { key, prefix, secretSha256 } = makeApiKey();
  await guard.addApiKey({ prefix, secretSha256, name: 'slow', scopes: ['admin'], projectId: null });
  await using api = startApi(database.url, { PHASELOCK_DRAIN_TIMEOUT_MS: '300' });
  const url = await urlOf(api);

  await using held = await holdLock(database.url, 'lock table models in access exclusive mode');
  const hanging = fetch(`${url}/v1/models`, { headers: { Authorization: `Bearer ${key}` } }).catch(
    (error: unknown) => error,
  );
  await eventually(async () => expect(await waitingForLocks(guard)).toBeGreaterThan(0));
  api.kill('SIGTERM');
  await eventually(async () => expect(await fetch(`${url}/readyz`).catch(() => 'refused')).toBe('refused'));
  api.kill('SIGTERM');
  api.kill('SIGINT');
  expect(await hanging).toBeInstanceOf(TypeError);
  await held.letGo();
  expect(await api.exited).toEqual({ code: 0, signal: null });
  expect(api.lines.some((line) => line.includes('were aborted at the shutdown deadline'))).toBe(true);
}, 60_000);

test('waits at shutdown for a response in flight, but not for an unused connection', async () => {
  await using database = await createTestDatabase();
  await using guard = await openGuard({ databaseUrl: database.url, invalidation: 'memory' });
  await createWorld(guard);
  const { key, prefix, secretSha256 } = makeApiKey();
  await guard.addApiKey({ prefix, secretSha256, name: 'slow', scopes: ['admin'], projectId: null });
  // Longer than the test may take.
  await using api = startApi(database.url, { PHASELOCK_DRAIN_TIMEOUT_MS: '300000' });
  const url = await urlOf(api);
  // Browsers open connections before they need them.
  const { hostname, port } = new URL(url);
  const spare = connect(Number(port), hostname);
  await once(spare, 'connect');
  await using held = await holdLock(database.url, 'lock table models in access exclusive mode');
  const waiting = fetch(`${url}/v1/models`, { headers: { Authorization: `Bearer ${key}` } });
  await eventually(async () => expect(await waitingForLocks(guard)).toBeGreaterThan(0));
  api.kill('SIGTERM');
  await eventually(async () => expect(await fetch(`${url}/readyz`).catch(() => 'refused')).toBe('refused'));
  await held.letGo();
  expect((await waiting).status).toBe(200);
  expect(await api.exited).toEqual({ code: 0, signal: null });
  expect(api.lines.some((line) => line.includes('were aborted at the shutdown deadline'))).toBe(false);
}, 60_000);

test('lists all configuration mistakes and starts nothing', async () => {
  await using api = spawnNode(MAIN, {
    env: {
      PHASELOCK_PORT: '70000',
      PHASELOCK_DATABASE_URL: 'mysql://user:hunter2@x',
      PHASELOCK_AUTH: 'off',
      PHASELOCK_HOST: '0.0.0.0',
    },
  });
  expect(await api.exited).toEqual({ code: 64, signal: null });
  expect(api.stderr()).toContain('PHASELOCK_PORT must be a whole number from 0 to 65535');
  expect(api.stderr()).toContain('PHASELOCK_DATABASE_URL must begin with postgres: or postgresql:');
  expect(api.stderr()).not.toContain('hunter2');
  expect(api.stderr()).not.toContain('    at ');
});
