import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { openLocalGuard } from '@phaselock/guard';
import { removeEmbeddedPostgres } from '@phaselock/store';
import { eventually, freePort, temporaryDirectory } from '@phaselock/testkit';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { childrenOf, postmasterOn, startOnData } from '../../test/shared-data.ts';
import { putLoadOn } from '../../test/whole-service/load.ts';
import { lostOf } from '../../test/whole-service/lost.ts';
import { isThere, spawnWorkers, startWorkers } from '../../test/workers/start-workers.ts';

// The tests start and end a PostgreSQL server and several processes.
vi.setConfig({ testTimeout: 90_000, hookTimeout: 60_000 });

let stack: AsyncDisposableStack;
let dataDir: string;
beforeEach(async () => {
  stack = new AsyncDisposableStack();
  dataDir = join(stack.use(await temporaryDirectory()).path, 'data');
  stack.defer(async () => void (await removeEmbeddedPostgres(dataDir)));
});
afterEach(() => stack.disposeAsync());

const onData = (): NodeJS.ProcessEnv => ({ PHASELOCK_DATABASE_URL: undefined, PHASELOCK_DATA_DIR: dataDir });
const listens = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('close', () => socket.destroy());
  });

test('starts one server, schema, banner and key for all workers, and ends PostgreSQL after them', async () => {
  await using program = await startWorkers(onData());
  const { process: running } = program;
  const key = (await readFile(join(dataDir, 'api-key'), 'utf8')).trim();
  const postmaster = await postmasterOn(dataDir);
  expect(running.stderr().match(/is up at/g)).toHaveLength(1);
  expect(running.stderr().match(/access {6}with the key in/g)).toHaveLength(1);
  const pidsOfWorkers = program.running().map(({ pid }) => pid);
  expect((await childrenOf(running.pid)).toSorted()).toEqual([postmaster, ...pidsOfWorkers].toSorted());
  const pids = new Set(running.lines.flatMap((line) => /"process.pid":(\d+)/.exec(line)?.[1] ?? []));
  // A worker that has not logged anything yet is missing here.
  const ours = [running.pid, ...pidsOfWorkers].map(String);
  expect([...pids].filter((pid) => !ours.includes(pid))).toEqual([]);
  const answer = await fetch(`${program.url}/v1/projects`, { headers: { Authorization: `Bearer ${key}` } });
  expect(await answer.json()).toMatchObject({ items: [{ name: 'Getting started' }] });

  running.kill('SIGINT');
  expect(await running.exited).toEqual({ code: 0, signal: null });
  expect(isThere(postmaster)).toBe(false);
  expect(running.lines.filter((line) => line.includes('"log.level":"error"'))).toEqual([]);
});

test('loses nothing after SIGKILL of the primary: workers finish their requests and end, then PostgreSQL', async () => {
  await using program = await startWorkers(onData());
  const key = (await readFile(join(dataDir, 'api-key'), 'utf8')).trim();
  const headers = { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' };
  const create = async (path: string, body: object): Promise<string> => {
    const answer = await fetch(`${program.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    return String(Object(await answer.json()).id);
  };
  const projectId = await create('/v1/projects', { name: 'a project' });
  const taskIds = await Promise.all(
    Array.from({ length: 6 }, () => create('/v1/tasks', { projectId, title: 'a task' })),
  );
  const postmaster = await postmasterOn(dataDir);
  const workers = program.running();
  const clients = putLoadOn({ url: program.url, key, taskIds, clients: 6 });
  await eventually(() => clients.acknowledged.length > 50);

  program.process.kill('SIGKILL');
  await eventually(() => workers.every(({ pid }) => !isThere(pid)), { withinMs: 30_000 });
  await clients.stop();
  expect(await listens(Number(new URL(program.url).port))).toBe(false);
  for (const { metricsPort } of workers) expect(await listens(metricsPort)).toBe(false);
  await eventually(() => !isThere(postmaster), { withinMs: 30_000 });
  // A refused connection is expected; any other code would be a wrong response.
  expect([...clients.problems.keys()].filter((code) => code !== 'network')).toEqual([]);

  await using guard = await openLocalGuard({ dataDir, invalidation: 'memory' });
  expect(await lostOf(guard, clients.acknowledged)).toEqual([]);
});

test.each<[string, NodeJS.ProcessEnv, number, RegExp]>([
  [
    'a mistake found by the primary',
    { PHASELOCK_WORKERS: '0' },
    64,
    /PHASELOCK_WORKERS must be a whole number from 1 to 64/,
  ],
  ['a mistake found by a worker', { PHASELOCK_FLAG_PROVIDER: '/nowhere.mjs' }, 64, /nowhere\.mjs could not be/],
])('prints %s once, exits with its code and leaves no process behind', async (_, env, code, message) => {
  await using program = spawnWorkers({ ...onData(), ...env });
  expect(await program.exited).toEqual({ code, signal: null });
  expect(program.stderr().match(new RegExp(message, 'g'))).toHaveLength(1);
  expect(program.stderr()).not.toContain('    at ');
  expect(program.stdout()).not.toContain('worker-ended');
  expect(await postmasterOn(dataDir).catch(() => undefined)).toBeUndefined();
});

test.each([
  ['PHASELOCK_PORT', 0],
  ['PHASELOCK_METRICS_PORT', 1],
])('ends with the name of the setting when another program uses %s', async (setting, number) => {
  const first = await freePort(number);
  const taken = first + number;
  const other = createServer();
  const { promise, resolve } = Promise.withResolvers<void>();
  other.listen(taken, '127.0.0.1', resolve);
  stack.defer(() => void other.close());
  await promise;
  await using program = spawnWorkers({ ...onData(), [setting]: String(first) });
  expect(await program.exited).toEqual({ code: 1, signal: null });
  expect(program.stderr()).toMatch(new RegExp(`did not start: ${setting}: .*EADDRINUSE.*:${taken}`));
  expect(program.stdout()).not.toContain('flags-unread');
  expect(await postmasterOn(dataDir).catch(() => undefined)).toBeUndefined();
});

test('ends gracefully on SIGTERM to all processes while a worker is still starting', async () => {
  await using program = spawnWorkers(onData());
  const started = await eventually(
    async () => {
      const children = await childrenOf(program.pid);
      const postmaster = await postmasterOn(dataDir);
      const workers = children.filter((pid) => pid !== postmaster);
      if (workers.length < 2) throw new Error('no workers were started');
      return workers;
    },
    { withinMs: 60_000 },
  );
  for (const pid of [...started, program.pid]) process.kill(pid, 'SIGTERM');
  expect(await program.exited).toEqual({ code: 0, signal: null });
  expect(program.stderr()).not.toContain('did not start');
});

test('runs as one process when PHASELOCK_WORKERS is 1, and ignores settings for several', async () => {
  await using api = await startOnData(dataDir, { PHASELOCK_WORKERS: '1', PHASELOCK_METRICS_PORT: '1' });
  expect(await childrenOf(api.process.pid)).toEqual([await postmasterOn(dataDir)]);
  expect((await fetch(`${api.url}/metrics`)).status).toBe(200);
});
