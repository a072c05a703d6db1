import { Agent, request } from 'node:http';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { TaskId } from '@phaselock/core';
import { spawnNode } from '@phaselock/testkit';
import autocannon from 'autocannon';
import { type BenchWorld, modelOf, openBenchWorld, slotOf } from './bench-world.ts';
import { createBenchDatabase } from './fresh-database.ts';
import { onBenchServer } from './on-bench-server.ts';

/**
 * Measures how long two API processes still apply the rule after its kill switch, idle and under load shedding, by HTTP
 * and by plain SQL. Each round enables the rule, kills it at one of the two, and measures the time from sending the
 * kill until both report in their metrics that it is off, and until the last start was answered by the rule. Under load
 * shedding most starts are refused, so the metrics show what few callers can observe. A start sent before the kill may
 * still be decided by the rule, within its deadline: the time of that last answer is printed but not judged.
 */
const { values } = parseArgs({ options: { rounds: { type: 'string', default: '50' } } });
const rounds = Number(values.rounds);
const API = resolve(import.meta.dirname, '../apps/api/src');
const FLAG = '/v1/admin/flags/single_session_guard';
/** The documented limit: the rule is off within two seconds of a kill. */
const LIMIT_MS = 2_000;
const QUIET_MS = 20;
const SETTLED_MS = 400;
const GIVEN_UP_MS = 20_000;
const READERS = 100;
/** Settings small enough for the readers to overload the processes. */
const SMALL = { PHASELOCK_POOL_SIZE: '2', PHASELOCK_MAX_POOL_WAITING: '10' };

type Answer = { readonly status: number; readonly body: string };
type Client = (method: string, path: string, body?: object) => Promise<Answer>;
type Load = 'idle' | 'overload';
type Way = 'http' | 'sql';

function clientOf(url: string, key: string): Client {
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  return (method, path, body) =>
    new Promise((answered, failed) => {
      const headers = { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' };
      const asked = request(`${url}${path}`, { method, headers, agent }, (response) => {
        let text = '';
        response.on('data', (chunk) => {
          text += String(chunk);
        });
        response.on('end', () => answered({ status: response.statusCode ?? 0, body: text }));
      });
      asked.on('error', failed);
      asked.end(body === undefined ? undefined : JSON.stringify(body));
    });
}

type Seen = { readonly sentAt: number; readonly answeredAt: number; readonly status: number };

/**
 * Starts a session with another model, repeatedly. While the rule holds, the response is a question (409); without it,
 * another session is created in the slot (201).
 */
async function ask(client: Client, taskId: TaskId, until: () => boolean, seen: Seen[]): Promise<void> {
  const body = { ...slotOf(taskId), model: modelOf(1) };
  while (!until()) {
    const sentAt = performance.now();
    const { status } = await client('POST', '/v1/sessions', body);
    seen.push({ sentAt, answeredAt: performance.now(), status });
    await sleep(QUIET_MS);
  }
}

const ENABLED = /^phaselock_flag_enabled\{flag="single_session_guard"\} ([01])$/m;

/** Returns the time of the first metrics page that shows the wanted value; the change itself came earlier. */
async function untilEnabledIs(client: Client, wanted: '0' | '1', until: number): Promise<number> {
  for (;;) {
    const { body } = await client('GET', '/metrics');
    if (ENABLED.exec(body)?.[1] === wanted) return performance.now();
    if (performance.now() > until)
      throw new Error(`a process did not report the rule as ${wanted === '1' ? 'on' : 'off'}`);
    await sleep(5);
  }
}

const QUESTION = 409;
const BESIDE = 201;

async function round(world: BenchWorld, clients: readonly Client[], index: number, way: Way) {
  const [taskId] = await world.tasks(1);
  const killer = clients[index % clients.length];
  const [first] = clients;
  if (taskId === undefined || killer === undefined || first === undefined) throw new Error('no task or no client');
  await first('PUT', FLAG, { enabled: true });
  await begin(first, taskId);
  const seen = clients.map((): Seen[] => []);
  let isOver = false;
  const asking = clients.map((client, of) => ask(client, taskId, () => isOver, seen[of] ?? []));
  const givenUpAt = performance.now() + GIVEN_UP_MS;
  try {
    await Promise.all(clients.map((client) => untilEnabledIs(client, '1', givenUpAt)));
    const killedAt = performance.now();
    const killing = kill(world, killer, way).then((status) => ({ status, tookMs: performance.now() - killedAt }));
    const followed = await Promise.all(clients.map((client) => untilEnabledIs(client, '0', givenUpAt)));
    const { status, tookMs } = await killing;
    await sleep(SETTLED_MS);
    isOver = true;
    await Promise.all(asking);
    const all = seen.flat().filter(({ answeredAt }) => answeredAt > killedAt);
    const byRule = all.filter(({ status: answer }) => answer === QUESTION);
    const sentLater = byRule.filter(({ sentAt }) => sentAt > killedAt).map(({ sentAt }) => sentAt - killedAt);
    return {
      lastSentMs: Math.max(0, ...sentLater),
      lastAnswerMs: Math.max(0, ...byRule.map(({ answeredAt }) => answeredAt - killedAt)),
      followedMs: Math.max(...followed) - killedAt,
      tookMs,
      shed: all.filter(({ status: answer }) => answer === 503).length,
      status,
    };
  } finally {
    isOver = true;
    await Promise.allSettled(asking);
  }
}

async function begin(client: Client, taskId: TaskId): Promise<void> {
  for (;;) {
    const { status } = await client('POST', '/v1/sessions', { ...slotOf(taskId), model: modelOf(0) });
    if (status === BESIDE || status === 200) return;
    await sleep(QUIET_MS);
  }
}

async function kill(world: BenchWorld, client: Client, way: Way): Promise<number> {
  if (way === 'http') return (await client('POST', `${FLAG}/kill`, { why: 'measured' })).status;
  await world.database.pool.pg.query("select kill_flag('single_session_guard', 'bench', 'measured')");
  return 200;
}

const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;

await onBenchServer(async (adminUrl, owned) => {
  const { url: databaseUrl } = owned.use(await createBenchDatabase(adminUrl));
  const world = owned.use(await openBenchWorld(databaseUrl));
  const env = { PHASELOCK_DATABASE_URL: databaseUrl, PHASELOCK_LOG_LEVEL: 'error', PHASELOCK_RATE_LIMIT: '100000000' };
  const made = owned.use(
    spawnNode(join(API, 'keys-cli.ts'), { args: ['create', '--name', 'bench', '--scopes', 'admin'], env }),
  );
  const [key = ''] = (await made.waitForLine(/^plk_\S+/)) ?? [];
  const urls: string[] = [];
  for (let many = 0; many < 2; many += 1) {
    const api = owned.use(spawnNode(join(API, 'main.ts'), { env: { ...env, ...SMALL, PHASELOCK_PORT: '0' } }));
    const [, url = ''] = await api.waitForLine(/is up at (\S+)/);
    urls.push(url);
  }
  const clients = urls.map((url) => clientOf(url, key));
  const path = '/v1/sessions?limit=50';
  console.log(
    'load      way   rounds   kill answered ms: median   max   rule off in ms: median   max   last guarded start, ms   answered ms: max   starts shed',
  );
  let worst = 0;
  const measure = async (load: Load, way: Way): Promise<void> => {
    const results = [];
    for (let index = 0; index < rounds; index += 1) results.push(await round(world, clients, index, way));
    const refused = results.filter(({ status }) => status !== 200).length;
    const took = results.map(({ tookMs }) => tookMs);
    const followed = results.map(({ followedMs }) => followedMs);
    const last = results.map(({ lastSentMs }) => lastSentMs);
    const answered = results.map(({ lastAnswerMs }) => lastAnswerMs);
    const shed = results.reduce((sum, result) => sum + result.shed, 0);
    worst = Math.max(worst, ...last, ...followed, ...took, refused > 0 ? Number.POSITIVE_INFINITY : 0);
    const columns = [
      [rounds, 6],
      [median(took), 26],
      [Math.max(...took), 5],
      [median(followed), 24],
      [Math.max(...followed), 5],
      [Math.max(...last), 21],
      [Math.max(...answered), 21],
      [shed, 13],
    ].map(([number = 0, width = 0]) => number.toFixed(0).padStart(width));
    console.log([load.padEnd(9), way.padEnd(5), ...columns].join(' '));
    if (refused > 0) console.log(`${refused} kills were refused`);
  };
  await measure('idle', 'http');
  await measure('idle', 'sql');
  const load = { connections: READERS, duration: 3_600, workers: 1, headers: { authorization: `Bearer ${key}` } };
  const running = urls.map((url) => autocannon({ ...load, url: `${url}${path}` }, () => undefined));
  try {
    await sleep(2_000);
    await measure('overload', 'http');
    await measure('overload', 'sql');
  } finally {
    for (const each of running) each.stop();
  }
  console.log(`longest time: ${worst.toFixed(0)} ms, limit: less than ${LIMIT_MS} ms`);
  if (worst >= LIMIT_MS) process.exitCode = 1;
});
