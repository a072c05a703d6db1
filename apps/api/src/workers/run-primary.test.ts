import { makeApiKey } from '@phaselock/access';
import { type OpenGuard, openGuard } from '@phaselock/guard';
import { createTestDatabase, createWorld, eventually, type TestDatabase } from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Hammered, hammer } from '../../test/whole-service/hammer.ts';
import { putLoadOn } from '../../test/whole-service/load.ts';
import { lostOf } from '../../test/whole-service/lost.ts';
import { isThere, type Program, startWorkers } from '../../test/workers/start-workers.ts';

// The tests start, end and restart processes.
vi.setConfig({ testTimeout: 90_000, hookTimeout: 60_000 });

const resources = new AsyncDisposableStack();
let database: TestDatabase;
let guard: OpenGuard;
let key: string;
let taskIds: string[];
beforeAll(async () => {
  database = resources.use(await createTestDatabase());
  guard = resources.use(await openGuard({ databaseUrl: database.url, invalidation: 'memory' }));
  const world = await createWorld(guard);
  taskIds = await Promise.all(Array.from({ length: 10 }, () => world.task()));
  const { prefix, secretSha256, key: made } = makeApiKey();
  key = made;
  await guard.addApiKey({ prefix, secretSha256, name: 'load', scopes: ['admin'], projectId: null });
});
afterAll(() => resources.disposeAsync());

const start = (env: NodeJS.ProcessEnv = {}): Promise<Program> =>
  startWorkers({ PHASELOCK_DATABASE_URL: database.url, ...env });

const load = (url: string) => putLoadOn({ url, key, taskIds, clients: 10 });

const victimOf = (program: Program) => {
  const [victim] = program.running();
  if (victim === undefined) throw new Error('there is no worker');
  return victim;
};

describe('metrics of several workers', () => {
  let program: Program;
  beforeAll(async () => {
    program = await start();
  });
  afterAll(() => program[Symbol.asyncDispose]());

  const scrape = async (port: number): Promise<string> => (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const processIn = (text: string): string | undefined => /^phaselock_build_info\{.*process="([^"]+)"/m.exec(text)?.[1];

  test('each worker serves its own metrics on its own port', async () => {
    const ports = program.running().map(({ metricsPort }) => metricsPort);
    const first = await Promise.all(ports.map(scrape));
    expect(new Set(first.map(processIn)).size).toBe(2);
    for (let round = 0; round < 5; round += 1)
      expect((await Promise.all(ports.map(scrape))).map(processIn)).toEqual(first.map(processIn));
    const limit = (text: string): number => Number(/^phaselock_memory_limit_bytes (\d+)$/m.exec(text)?.[1]);
    const [one = 0, other = 0] = first.map(limit);
    expect(one).toBe(other);
    expect(one).toBeGreaterThan(0);
  });

  test('counts a request once, in the worker that answered it, and distributes requests to both', async () => {
    const ports = program.running().map(({ metricsPort }) => metricsPort);
    const answered = async (): Promise<number[]> =>
      (await Promise.all(ports.map(scrape))).map((text) =>
        Number(/^phaselock_http_requests_total\{operation="listModels",status_class="2xx"\} (\d+)$/m.exec(text)?.[1]),
      );
    const before = await answered();
    const headers = { Authorization: `Bearer ${key}`, Connection: 'close' };
    for (let count = 0; count < 20; count += 1)
      expect((await fetch(`${program.url}/v1/models`, { headers })).status).toBe(200);
    const [one = 0, other = 0] = (await answered()).map((now, at) => now - (before[at] ?? 0));
    expect(one + other).toBe(20);
    expect(Math.min(one, other)).toBeGreaterThan(0);
  });

  test('the shared port names the metrics ports, and a metrics port serves nothing else', async () => {
    const answer = await fetch(`${program.url}/metrics`);
    expect(answer.status).toBe(404);
    expect(await answer.json()).toMatchObject({
      code: 'route_not_found',
      detail: expect.stringContaining('each has its own metrics'),
    });
    const { metricsPort } = victimOf(program);
    expect((await fetch(`http://127.0.0.1:${metricsPort}/v1/models`)).status).toBe(404);
    expect((await fetch(`http://127.0.0.1:${metricsPort}/readyz`)).status).toBe(200);
  });
});

describe('a worker that ends', () => {
  test('is replaced on the same metrics port after SIGKILL under load, and nothing acknowledged is lost', async () => {
    await using program = await start({ PHASELOCK_LOG_LEVEL: 'info' });
    const clients = load(program.url);
    await eventually(() => clients.acknowledged.length > 200);
    const victim = victimOf(program);
    process.kill(victim.pid, 'SIGKILL');
    await program.until({ [victim.number]: 1 });
    const before = clients.acknowledged.length;
    await eventually(() => clients.acknowledged.length > before + 100);
    await clients.stop();

    expect(await lostOf(guard, clients.acknowledged)).toEqual([]);
    expect(program.told('worker-ended')).toBe(1);
    expect(victimOf(program)).toMatchObject({ metricsPort: victim.metricsPort, restarts: 1 });
    const text = await (await fetch(`http://127.0.0.1:${victim.metricsPort}/metrics`)).text();
    expect(text).toContain('phaselock_build_info');
  });

  test('is replaced on the same port even if all workers are killed at once', async () => {
    await using program = await start();
    for (const { pid } of program.running()) process.kill(pid, 'SIGKILL');
    await program.until({ 1: 1, 2: 1 });
    expect((await fetch(`${program.url}/readyz`)).status).toBe(200);
  });

  test('breaks no connection on SIGTERM, and the program never reports that it drains', async () => {
    await using program = await start({ PHASELOCK_LOG_LEVEL: 'info' });
    const clients = hammer(program.url, { busy: 10, pausing: 20, opening: 10, pipelining: 4 });
    await eventually(() => clients.seen.answered > 1_000, { withinMs: 30_000 });
    const heard = new Set<unknown>();
    let asking = true;
    const asked = (async () => {
      while (asking) {
        const answer = await fetch(`${program.url}/readyz`);
        heard.add(Object(await answer.json()).why);
      }
    })();
    const victim = victimOf(program);
    process.kill(victim.pid, 'SIGTERM');
    await program.until({ [victim.number]: 1 });
    asking = false;
    await asked;
    const before = clients.seen.answered;
    await eventually(() => clients.seen.answered > before + 1_000, { withinMs: 30_000 });
    await clients.stop();
    expect(clients.seen).toMatchObject({ refused: 0, reset: 0, closed: 0, torn: 0 });
    expect(heard).toContain(null);
    // On a busy machine the database may respond late, but `starting` and `draining` must never be reported.
    expect(['starting', 'draining'].filter((why) => heard.has(why))).toEqual([]);
    expect(program.told('worker-ended')).toBe(0);
  });

  test('keeps a listener on the port when all workers get SIGTERM at once', async () => {
    await using program = await start({ PHASELOCK_LOG_LEVEL: 'info' });
    const clients = hammer(program.url, { busy: 4, pausing: 4, opening: 4, pipelining: 2 });
    await eventually(() => clients.seen.answered > 300, { withinMs: 30_000 });
    for (const { pid } of program.running()) process.kill(pid, 'SIGTERM');
    await program.until({ 1: 1, 2: 1 });
    await clients.stop();
    expect(clients.seen).toMatchObject({ refused: 0, reset: 0, closed: 0, torn: 0 });
    expect(program.told('worker-ended')).toBe(0);
  });

  test('is killed and replaced if it hangs, while the other worker responds', async () => {
    await using program = await start({ PHASELOCK_WORKER_SILENCE_MS: '1000' });
    const victim = victimOf(program);
    process.kill(victim.pid, 'SIGSTOP');
    await program.until({ [victim.number]: 1 });
    expect(program.told('worker-silent')).toBe(1);
    expect(isThere(victim.pid)).toBe(false);
    const headers = { Connection: 'close' };
    for (let count = 0; count < 10; count += 1)
      expect((await fetch(`${program.url}/healthz`, { headers })).status).toBe(200);
  });
});

describe('the end of a program with several workers', () => {
  test('resets no connection on SIGTERM: requests are answered before the port is closed', async () => {
    const total: Hammered = { answered: 0, refused: 0, reset: 0, closed: 0, torn: 0 };
    for (let round = 0; round < 3; round += 1) {
      await using program = await start({ PHASELOCK_LOG_LEVEL: 'info' });
      const clients = hammer(program.url, { busy: 20, pausing: 40, opening: 20, pipelining: 6 });
      await eventually(() => clients.seen.answered > 3_000, { withinMs: 30_000 });
      program.process.kill('SIGTERM');
      expect(await program.process.exited).toEqual({ code: 0, signal: null });
      await clients.stop();
      total.answered += clients.seen.answered;
      total.reset += clients.seen.reset;
      total.closed += clients.seen.closed;
      total.torn += clients.seen.torn;
      expect(program.running().filter(({ pid }) => isThere(pid))).toEqual([]);
    }
    // As with one process, a connection that the kernel accepts just before the socket closes may be lost.
    expect(total.reset + total.closed + total.torn).toBeLessThanOrEqual(1);
  });

  test('treats SIGTERM to all processes as one: it first reports not ready and serves for the drain delay', async () => {
    await using program = await start({ PHASELOCK_DRAIN_DELAY_MS: '1500' });
    const clients = load(program.url);
    await eventually(() => clients.acknowledged.length > 100);
    for (const { pid } of program.running()) process.kill(pid, 'SIGTERM');
    program.process.kill('SIGTERM');
    await eventually(async () => {
      const answer = await fetch(`${program.url}/readyz`);
      expect(await answer.json()).toEqual({ status: 'not-ready', why: 'draining' });
    });
    const before = clients.acknowledged.length;
    await eventually(() => clients.acknowledged.length > before);
    expect(await program.process.exited).toEqual({ code: 0, signal: null });
    await clients.stop();
    expect([...clients.problems.keys()].filter((code) => code !== 'network')).toEqual([]);
    expect(await lostOf(guard, clients.acknowledged)).toEqual([]);
    expect(program.started()).toHaveLength(2);
  });

  test('does not wait for a worker that is stopped', async () => {
    await using program = await start({ PHASELOCK_DRAIN_TIMEOUT_MS: '200' });
    const victim = victimOf(program);
    process.kill(victim.pid, 'SIGSTOP');
    program.process.kill('SIGTERM');
    expect(await program.process.exited).toEqual({ code: 0, signal: null });
    expect(isThere(victim.pid)).toBe(false);
    expect(program.told('service-stopped-early')).toBe(1);
  });
});
