import { spawnSync } from 'node:child_process';
import { appendFileSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { eventually, freePort, OPUS, redisAvailable, SONNET, startRedis, temporaryDirectory } from '@phaselock/testkit';
import { ownProcess } from './own-process.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const API = join(ROOT, 'apps/api/src/main.ts');
const WORKER = join(ROOT, 'apps/purge-worker/src/main.ts');

/** The secret that `attack` sends in every form in which a secret can reach a service. No log line may contain it. */
export const CANARY = 'c4n4ry5f1e77d2c4n4ry5f1e77d2';
export const TRACE = '0af7651916cd43dd8448eb211c80319c';

export type Line = Readonly<Record<string, unknown>>;

export type ProductRun = AsyncDisposable & {
  /** The folder of the log files. */
  readonly logs: string;
  /** The API key that the calls used. */
  readonly key: string;
  readonly changed: { readonly attemptId: string; readonly sessionId: string };
};

type Answer = { readonly status: number; readonly body: unknown };

/** The lines in all log files of a folder that the product wrote as log lines. */
export const linesIn = (logs: string): Line[] =>
  textsIn(logs)
    .map(lineOf)
    .filter((line) => line !== undefined);

/** All other lines. */
export const othersIn = (logs: string): string[] => textsIn(logs).filter((text) => lineOf(text) === undefined);

const textsIn = (logs: string): string[] =>
  readdirSync(logs)
    .filter((name) => name.endsWith('.log'))
    .flatMap((name) => readFileSync(join(logs, name), 'utf8').split('\n').filter(Boolean));

function lineOf(text: string): Line | undefined {
  if (!text.startsWith('{')) return undefined;
  const parsed: unknown = JSON.parse(text);
  return typeof parsed === 'object' && parsed !== null && 'event.dataset' in parsed ? { ...parsed } : undefined;
}

/**
 * Runs two API processes on one embedded PostgreSQL, a purge worker and a Redis, and causes the events that they log.
 * Each process writes both of its outputs to one file, as in a container. All processes have ended when this returns;
 * the files stay until the result is disposed of.
 */
export async function runProduct(): Promise<ProductRun> {
  await using kept = new AsyncDisposableStack();
  const { path } = kept.use(await temporaryDirectory());
  const logs = join(path, 'logs');
  await mkdir(logs);
  const dataDir = join(path, 'data');
  const ran = await inUse({ logs, dataDir });
  const owned = kept.move();
  return { ...ran, logs, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

type Places = { readonly logs: string; readonly dataDir: string };

async function inUse({ logs, dataDir }: Places): Promise<Pick<ProductRun, 'key' | 'changed'>> {
  await using resources = new AsyncDisposableStack();
  const redis = redisAvailable().kind === 'none' ? undefined : resources.use(await startRedis());
  const [port, secondPort] = [await freePort(), await freePort()];
  const env: NodeJS.ProcessEnv = {
    PHASELOCK_DATA_DIR: dataDir,
    PHASELOCK_ENVIRONMENT: 'proof',
    PHASELOCK_LOG_LEVEL: 'debug',
    PHASELOCK_LEASE_MS: '1000',
    PHASELOCK_NOBODY_KNOWS: 'this',
    PHASELOCK_ARCHIVE_AFTER_HOURS: '0',
    PHASELOCK_PURGE_SCHEDULE: '* * * * *',
    PHASELOCK_PURGE_METRICS_PORT: '0',
    // Nothing listens on this port.
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${await freePort()}`,
    OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer%20${CANARY}`,
    ...(redis && { PHASELOCK_REDIS_URL: redis.url }),
  };
  const start = (name: string, args: readonly string[], more: NodeJS.ProcessEnv = {}) =>
    resources.use(ownProcess(process.execPath, { args, env: { ...env, ...more }, output: join(logs, `${name}.log`) }));
  const has = (name: string, action: string): boolean =>
    linesIn(logs).some((line) => line['event.action'] === action && line['service.name'] === name);
  const until = (name: string, action: string, withinMs = 60_000): Promise<boolean> =>
    eventually(() => has(name, action), { withinMs, everyMs: 100 });

  const api = start('api-1', [API], { PHASELOCK_PORT: String(port) });
  await until('phaselock-api', 'service-started');
  const worker = start('purge-worker', [WORKER, 'run']);
  const second = start('api-2', [API], { PHASELOCK_PORT: String(secondPort) });
  const key = await eventually(async () => (await readFile(join(dataDir, 'api-key'), 'utf8')).trim());
  const call = caller(`http://127.0.0.1:${port}`, key);
  const changed = await work(call);
  await attack(call, key);
  await setFlags(call);
  await until('phaselock-purge-worker', 'purge-waiting');

  const postmaster = Number((await readFile(join(dataDir, 'cluster/postmaster.pid'), 'utf8')).split('\n')[0]);
  process.kill(postmaster, 'SIGKILL');
  await until('phaselock-api', 'postgres-ended');
  await eventually(async () => (await call('GET', '/v1/projects')).status === 503, { everyMs: 20 }).catch(() => false);
  await until('phaselock-api', 'postgres-running-again');
  await eventually(async () => (await call('GET', '/v1/projects')).status === 200, { withinMs: 30_000 });
  if (redis !== undefined) {
    await redis.stop();
    await until('phaselock-api', 'cache-disconnected');
    await work(call);
  }
  await until('phaselock-api', 'lease-lapsed');
  await until('phaselock-api', 'traces-dropped');
  await until('phaselock-purge-worker', 'purge-lane-ended', 100_000);
  for (const { pid } of [worker, second, api]) process.kill(pid, 'SIGTERM');
  await eventually(() => [worker, second, api].every((one) => !one.running()), { withinMs: 60_000 });
  crash(join(logs, 'purge-worker.log'));
  return { key, changed };
}

type Call = (
  method: string,
  path: string,
  body?: unknown,
  headers?: Readonly<Record<string, string>>,
) => Promise<Answer>;

const caller =
  (url: string, key: string): Call =>
  async (method, path, body, headers = {}) => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json', ...headers },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text.startsWith('{') ? JSON.parse(text) : text };
  };

/** A required text of an answer, for example `session.id`. */
function textIn({ status, body }: Answer, path: string): string {
  let value: unknown = body;
  for (const name of path.split('.'))
    value = typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
  if (typeof value !== 'string') throw new Error(`no ${path} in ${status} ${JSON.stringify(body)}`);
  return value;
}

const model = (name: string) => ({ agent: 'claude-code', model: name });

/**
 * Starts, finds, replaces and deletes a session, runs a turn that changes its model and a turn whose runner never
 * reports again, and runs a standalone execution.
 */
async function work(call: Call): Promise<ProductRun['changed']> {
  const projectId = textIn(await call('POST', '/v1/projects', { name: 'logs' }), 'id');
  const taskId = textIn(await call('POST', '/v1/tasks', { projectId, title: 'a task' }), 'id');
  const attemptId = textIn(await call('POST', '/v1/attempts', { taskId }), 'id');
  const asked = { taskId, phase: 'run', model: model(SONNET) };
  const created = await call('POST', '/v1/sessions', asked, { traceparent: `00-${TRACE}-b7ad6b7169203331-01` });
  await call('POST', '/v1/sessions', asked);
  const question = await call('POST', '/v1/sessions', { ...asked, model: model(OPUS) });
  const confirm =
    typeof question.body === 'object' && question.body !== null ? Reflect.get(question.body, 'confirm') : {};
  const replaced = await call('POST', '/v1/sessions', { ...asked, model: model(OPUS), confirm });
  const session = textIn(replaced, 'session.id');
  await call('DELETE', `/v1/sessions/${session}`);

  const other = await call('POST', '/v1/sessions', { ...asked, phase: 'plan' });
  const first = textIn(other, 'session.id');
  const turn = await call('POST', `/v1/sessions/${first}/turns`, { generation: 1, attemptId });
  const processId = textIn(turn, 'processId');
  await call('POST', `/v1/sessions/${first}/processes/${processId}/finish`, {
    generation: 1,
    ending: 'completed',
    agentSessionId: `agent-${processId}`,
  });
  const changed = await call('POST', `/v1/sessions/${first}/turns`, {
    generation: 1,
    attemptId,
    model: model(OPUS),
    onModelChange: 'replace',
  });
  // A standalone session belongs to no slot, so its generation is 0.
  const standalone = await call('POST', '/v1/sessions/standalone', { taskId, phase: 'verify', model: model(SONNET) });
  const alone = `/v1/sessions/${textIn(standalone, 'id')}`;
  const temporary = textIn(await call('POST', `${alone}/turns`, { generation: 0, attemptId }), 'processId');
  await call('POST', `${alone}/processes/${temporary}/finish`, { generation: 0, ending: 'completed' });
  if (created.status !== 201 || changed.status !== 201) throw new Error(JSON.stringify([created, changed]));
  return { attemptId, sessionId: textIn(changed, 'session.sessionId') };
}

/** Sends requests as they come from mistakes and attacks, with the secret in every part of them. */
async function attack(call: Call, key: string): Promise<void> {
  const foreign = `plk_${'A'.repeat(12)}_${CANARY}${'B'.repeat(15)}`;
  const token = `eyJhbGciOiJFUzI1NiJ9.${btoa(CANARY).replaceAll('=', '')}.${CANARY}`;
  const headers = { Cookie: `session=${CANARY}`, 'X-Api-Key': CANARY, 'X-Request-Id': `token=${CANARY}` };
  await call('GET', `/v1/sessions?access_token=${CANARY}&api_key=${foreign}`, undefined, headers);
  await call('GET', '/v1/sessions', undefined, { Authorization: `Bearer ${foreign}` });
  await call('GET', '/v1/sessions', undefined, { Authorization: `Bearer ${token}` });
  await call('GET', '/v1/sessions', undefined, { Authorization: `Basic ${btoa(`me:${CANARY}`)}` });
  await call('GET', '/v1/sessions', undefined, { traceparent: `token=${CANARY}` });
  await call('GET', `/v1/sessions/${key}`);
  await call('GET', `/v1/sessions/${foreign}/${token}`);
  await call('GET', `/v1/sessions/password=${CANARY}`);
  await call('GET', `/v1/sk-ant-${CANARY}`);
  await call('POST', '/v1/projects', { name: 'x', password: CANARY });
  await call('POST', '/v1/projects', `{"name": "${CANARY}", "apiKey": ${CANARY}`);
  await call('POST', '/v1/sessions', { taskId: `postgres://me:${CANARY}@db/x`, phase: 'run', model: { agent: 'x' } });
  await call('POST', '/v1/admin/api-keys', { name: 'ci', scopes: ['sessions:read'] });
  await call('PATCH', '/v1/nowhere');
}

async function setFlags(call: Call): Promise<void> {
  const flag = '/v1/admin/flags/pessimistic_locking_enabled';
  await call('PUT', flag, { enabled: true, percent: 12.5 });
  await call('PUT', '/v1/admin/flags/locking_strategy', { enabled: true, value: 'optimistic' });
  await call('POST', `${flag}/kill`, { why: 'a proof' });
  await call('PUT', flag, { enabled: true });
}

/** Appends the output of a program that ends with an uncaught error. It is no log line and may contain a secret. */
function crash(log: string): void {
  const failing = `throw new Error('connect postgres://me:${CANARY}@db/x')`;
  appendFileSync(log, spawnSync(process.execPath, ['--eval', failing], { encoding: 'utf8' }).stderr);
}
