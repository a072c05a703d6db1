import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { TaskId } from '@phaselock/core';
import { openGuard } from '@phaselock/guard';
import { openDatabase } from '@phaselock/store';
import { archiveFloor } from './archive-floor.ts';
import { endWith } from './end-with.ts';
import { createBenchDatabase } from './fresh-database.ts';
import { onBenchServer } from './on-bench-server.ts';
import { peakMemoryMb } from './peak-memory.ts';
import { prepareSeed, seed } from './seed.ts';

/**
 * Measures two purge workers on a large backlog against the floor of the same run, and the latency of replacements
 * while the workers run.
 */
const MAIN = resolve(import.meta.dirname, '../apps/purge-worker/src/main.ts');
const { values } = parseArgs({
  options: { sessions: { type: 'string', default: '100000' }, seconds: { type: 'string', default: '20' } },
});
const sessions = Number(values.sessions);
const HOUR_MS = 3_600_000;
/** Replacements per second, sent at a fixed rate regardless of how long earlier ones take. */
const RATE = 50;
const ROUNDS = 3;
const WARM_UP_SECONDS = 5;

type Done = { readonly ms: number; readonly archived: number; readonly purged: number; readonly peakMb: number };

async function worker(owned: AsyncDisposableStack, env: NodeJS.ProcessEnv, signal?: AbortSignal): Promise<Done> {
  const since = performance.now();
  const child = spawn(process.execPath, [MAIN, 'once'], {
    env: { ...process.env, PHASELOCK_MIGRATE: 'off', PHASELOCK_PURGE_WORKERS: '1', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  endWith(owned, child);
  signal?.addEventListener('abort', () => child.kill('SIGTERM'), { once: true });
  let out = '';
  child.stdout.on('data', (chunk) => {
    out += String(chunk);
  });
  let peakMb = 0;
  const watching = setInterval(() => {
    peakMb = Math.max(peakMb, peakMemoryMb(child.pid));
  }, 100);
  await once(child, 'close');
  clearInterval(watching);
  const [, archived, purged] = /archived (\d+) .*purged (\d+)/.exec(out) ?? [];
  return { ms: performance.now() - since, archived: Number(archived), purged: Number(purged), peakMb };
}

await onBenchServer(async (adminUrl, owned) => {
  const bench = owned.use(await createBenchDatabase(adminUrl));
  const folder = await mkdtemp(join(tmpdir(), 'phaselock-bench-archive-'));
  owned.defer(() => rm(folder, { recursive: true, force: true }));
  const long = { maxSize: 2, statementTimeoutMs: HOUR_MS, transactionTimeoutMs: HOUR_MS };
  {
    await using database = openDatabase({ url: bench.url, ...long, maxSize: 1 });
    await prepareSeed(database);
    await seed(database, 'seed-deleted.sql', { $SESSIONS: sessions, $DELETED: '40 days' });
  }
  const copy = async (name: string): Promise<string> => {
    await using admin = openDatabase({ url: adminUrl, ...long });
    const { pathname } = new URL(bench.url);
    await admin.pool.pg.query(`create database ${name} template "${pathname.slice(1)}"`);
    await admin.pool.pg.query('checkpoint');
    return Object.assign(new URL(bench.url), { pathname: `/${name}` }).href;
  };
  const [floorUrl, busyUrl] = [await copy('bench_floor'), await copy('bench_busy')];
  console.log(`${sessions} deleted sessions, two processes, six events and 25 log lines each`);

  // Measured before the backlog is purged, alternating without and with workers: disk writes left over from the purge
  // would distort the comparison.
  const alone: number[] = [];
  const beside: number[] = [];
  let meanwhile = 0;
  await replacements(busyUrl, WARM_UP_SECONDS);
  for (let round = 0; round < ROUNDS; round += 1) {
    alone.push(...(await replacements(busyUrl, Number(values.seconds))));
    const stop = new AbortController();
    const busy = { PHASELOCK_DATABASE_URL: busyUrl, PHASELOCK_DATA_DIR: join(folder, 'busy') };
    const working = Promise.all([worker(owned, busy, stop.signal), worker(owned, busy, stop.signal)]);
    await sleep(3_000);
    beside.push(...(await replacements(busyUrl, Number(values.seconds))));
    stop.abort();
    for (const one of await working) meanwhile += one.archived;
  }
  console.log(
    `replacements at ${RATE} a second, p95: alone ${p95(alone).toFixed(1)} ms, with two workers at default settings ${p95(beside).toFixed(1)} ms · ratio ${(p95(beside) / p95(alone)).toFixed(2)} (the workers archived ${meanwhile} sessions meanwhile)`,
  );

  const env = {
    PHASELOCK_DATABASE_URL: bench.url,
    PHASELOCK_DATA_DIR: folder,
    PHASELOCK_PURGE_SESSIONS_PER_SECOND: '0',
    PHASELOCK_PURGE_WRITES: '8',
  };
  const since = performance.now();
  const both = await Promise.all([worker(owned, env), worker(owned, env)]);
  const oursMs = performance.now() - since;
  const archived = both.reduce((sum, one) => sum + one.archived, 0);
  const purged = both.reduce((sum, one) => sum + one.purged, 0);
  const files = await readdir(join(folder, 'archive/sessions'), { recursive: true });
  const objects = files.filter((name) => name.endsWith('.gz')).length;
  if (archived !== sessions || purged !== sessions || objects !== sessions)
    throw new Error(`archived ${archived}, purged ${purged}, objects ${objects}, of ${sessions}`);
  const peaks = both.map(({ peakMb }) => `${peakMb.toFixed(0)} MB`).join(' and ');
  console.log(
    `two workers: every session archived once and purged, in ${(oursMs / 1_000).toFixed(1)} s, ${(sessions / (oursMs / 1_000)).toFixed(0)} sessions per second, peak memory ${peaks}`,
  );

  await using floorDatabase = openDatabase({ url: floorUrl, ...long });
  const floorMs = await archiveFloor({
    objects: join(folder, 'archive'),
    into: join(folder, 'floor'),
    pg: floorDatabase.pool.pg,
  });
  console.log(
    `floor (the same bytes written, read back and hashed, the rows deleted): ${(floorMs / 1_000).toFixed(1)} s · ratio ${(floorMs / oursMs).toFixed(2)}`,
  );
});

async function replacements(databaseUrl: string, seconds: number): Promise<readonly number[]> {
  await using guard = await openGuard({ databaseUrl });
  for (const name of ['claude-sonnet-4-5', 'claude-opus-4-5'])
    await guard.addModel({ agent: 'claude-code', name }).catch(() => undefined);
  const projectId = await guard.addProject('busy');
  const tasks: TaskId[] = [];
  for (let made = 0; made < 100; made += 1) tasks.push(await guard.addTask(projectId, 'a task'));
  const model = (nth: number) => ({
    agent: 'claude-code' as const,
    model: nth % 2 === 0 ? 'claude-sonnet-4-5' : 'claude-opus-4-5',
  });
  const took: number[] = [];
  const replace = async (taskId: TaskId, nth: number): Promise<void> => {
    const asked = await guard.start({ taskId, phase: 'run', mode: 'standard', model: model(nth) });
    if (asked.kind !== 'ask') return;
    const since = performance.now();
    await guard.start({
      taskId,
      phase: 'run',
      mode: 'standard',
      model: model(nth),
      say: { kind: 'replace', shown: asked.shown },
    });
    took.push(performance.now() - since);
  };
  const until = performance.now() + seconds * 1_000;
  const all: Promise<void>[] = [];
  for (let nth = 0; performance.now() < until; nth += 1) {
    const taskId = tasks[nth % tasks.length];
    if (taskId !== undefined) all.push(replace(taskId, Math.floor(nth / tasks.length)));
    // Prevents an unhandled rejection; `Promise.all` below reports the failure.
    all.at(-1)?.catch(() => undefined);
    await sleep(1_000 / RATE);
  }
  await Promise.all(all);
  return took;
}

function p95(took: readonly number[]): number {
  return took.toSorted((a, b) => a - b)[Math.floor(took.length * 0.95)] ?? Number.NaN;
}
