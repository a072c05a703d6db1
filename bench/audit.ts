import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { openDatabase } from '@phaselock/store';
import { endWith } from './end-with.ts';
import { createBenchDatabase } from './fresh-database.ts';
import { median } from './measure.ts';
import { onBenchServer } from './on-bench-server.ts';
import { peakMemoryMb } from './peak-memory.ts';
import { prepareSeed, seed } from './seed.ts';

/**
 * Measures verify-sessions on a large history against one window-function scan of the same table in the same run, and
 * then the audit of what was written since a seal.
 */
const MAIN = resolve(import.meta.dirname, '../apps/verify-cli/src/main.ts');
const PROCESSES_A_TASK = 25;
const SESSIONS_A_TASK = 5;
const NEW_SESSIONS = 1_000;
const LONGEST_MS = 3_600_000;
const FLOOR = `
  select count(*) from (
    select passed_session_id, lag(agent_session_id) over w as told, model, lag(model) over w as before
    from processes window w as (partition by session_id order by seq)) turns
  where passed_session_id is distinct from told or model is distinct from before`;

const { values } = parseArgs({
  options: {
    processes: { type: 'string', default: '5000000' },
    rounds: { type: 'string', default: '3' },
    /** With 0, all tasks are worked on at the same time, so that the events of a session are far apart. */
    'spread-days': { type: 'string', default: '20' },
  },
});
const tasks = Math.ceil(Number(values.processes) / PROCESSES_A_TASK);

type Run = {
  readonly ms: number;
  readonly code: number;
  readonly peakMb: number;
  readonly out: string;
  readonly firstByteMs: number;
};

async function verify(owned: AsyncDisposableStack, url: string, args: readonly string[]): Promise<Run> {
  const since = performance.now();
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { ...process.env, PHASELOCK_DATABASE_URL: url },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  endWith(owned, child);
  let out = '';
  let firstByteMs = Number.NaN;
  child.stdout.on('data', (chunk) => {
    if (out === '') firstByteMs = performance.now() - since;
    out += String(chunk);
  });
  let peakMb = 0;
  const watching = setInterval(() => {
    peakMb = Math.max(peakMb, peakMemoryMb(child.pid));
  }, 50);
  const [code] = await once(child, 'close');
  clearInterval(watching);
  return { ms: performance.now() - since, code: Number(code), peakMb, out, firstByteMs };
}

/** Seals the history, lets a history be written after it, and measures the audit of that history. */
async function sinceSeal(owned: AsyncDisposableStack, url: string, write: () => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'phaselock-bench-seal-'));
  owned.defer(() => rm(folder, { recursive: true, force: true }));
  const [key, seal] = [join(folder, 'key'), join(folder, 'seal.txt')];
  const run = async (...args: string[]): Promise<Run> => {
    const ran = await verify(owned, url, args);
    if (ran.code !== 0) throw new Error(`${args[0]} ended with ${ran.code}: ${ran.out.slice(0, 2_000)}`);
    return ran;
  };
  await run('seal-key', 'bench.test/phaselock', '-o', key);
  const sealed = await run('seal', '--key', key, '-o', seal);
  console.log(`a seal ${(sealed.ms / 1_000).toFixed(1)} s · peak ${sealed.peakMb.toFixed(0)} MB`);
  await write();
  for (let round = 0; round < Number(values.rounds); round += 1) {
    const { ms, peakMb, out } = await run('--since-seal', seal, '--public-key', `${key}.pub`, '--format', 'json');
    const { read, tookMs } = JSON.parse(out).summary;
    console.log(
      `since the seal ${(ms / 1_000).toFixed(2)} s, ${(tookMs / 1_000).toFixed(2)} s of them queries · peak ${peakMb.toFixed(0)} MB · read ${JSON.stringify(read)}`,
    );
  }
}

await onBenchServer(async (adminUrl, owned) => {
  const bench = owned.use(await createBenchDatabase(adminUrl));
  const database = owned.use(
    openDatabase({
      url: bench.url,
      maxSize: 1,
      statementTimeoutMs: LONGEST_MS,
      transactionTimeoutMs: LONGEST_MS,
      // Longer than the audits in between: the functions of the seeds are temporary, and end with their connection.
      idleTimeoutMs: LONGEST_MS,
    }),
  );
  const { pg } = database.pool;
  const seedSince = performance.now();
  await prepareSeed(database);
  await seed(database, 'seed-history.sql', {
    $FIRST: 1,
    $LAST: tasks,
    $NOW: new Date().toISOString(),
    $LIFE: '1 hour',
    $SPREAD: `${values['spread-days']} days`,
  });
  const { rows } = await pg.query('select count(*) as events from session_events');
  console.log(
    `${tasks * PROCESSES_A_TASK} processes, ${tasks * SESSIONS_A_TASK} sessions, ${rows[0].events} events, seeded in ${((performance.now() - seedSince) / 1_000).toFixed(0)} s`,
  );

  const ratios: number[] = [];
  for (let round = 0; round < Number(values.rounds); round += 1) {
    await pg.query(`set work_mem = '128MB'`);
    const since = performance.now();
    await pg.query(FLOOR);
    const floorMs = performance.now() - since;
    const { ms, code, peakMb, out } = await verify(owned, bench.url, ['--all', '--format', 'json']);
    if (code !== 0) throw new Error(`the audit ended with ${code}: ${out.slice(0, 2_000)}`);
    ratios.push(ms / floorMs);
    console.log(
      `one window scan ${(floorMs / 1_000).toFixed(1)} s · the whole audit ${(ms / 1_000).toFixed(1)} s · ratio ${(ms / floorMs).toFixed(2)} · peak ${peakMb.toFixed(0)} MB`,
    );
  }
  console.log(`median ratio: ${median(ratios).toFixed(2)}`);

  await sinceSeal(owned, bench.url, async () => {
    await seed(database, 'seed-history.sql', {
      $FIRST: tasks + 1,
      $LAST: tasks + NEW_SESSIONS / SESSIONS_A_TASK,
      $NOW: new Date().toISOString(),
      $LIFE: '1 second',
      $SPREAD: '0 days',
    });
  });

  const attempt = '01900003-0000-7000-8000-000000000007';
  const one = await verify(owned, bench.url, [attempt, '--format', 'json']);
  const { tookMs } = JSON.parse(one.out).summary;
  console.log(`one attempt: ${tookMs} ms of queries, ${one.ms.toFixed(0)} ms in all, exit ${one.code}`);
  const help = await verify(owned, bench.url, ['--help']);
  console.log(
    `start-up to first byte: ${help.firstByteMs.toFixed(0)} ms (--help), ${one.firstByteMs.toFixed(0)} ms (an attempt)`,
  );
});
