import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { removeEmbeddedPostgres } from '@phaselock/store';
import { processRow } from '@phaselock/testkit';
import { childrenOf } from '../apps/api/test/shared-data.ts';

/**
 * Measures how long a killed service takes to be ready again, by phase of its start: after kill -9 of the service
 * alone, and of the service and all PostgreSQL processes.
 */
const MAIN = resolve(import.meta.dirname, '../apps/api/src/main.ts');
const { values } = parseArgs({ options: { rounds: { type: 'string', default: '5' } } });
const rounds = Number(values.rounds);
const PHASES = ['load', 'database', 'schema', 'service'] as const;

type Phases = Readonly<Record<(typeof PHASES)[number], number>>;
type Started = { readonly readyMs: number; readonly cpuMs: number; readonly phases: Phases; kill(): Promise<void> };

/** Reads the phase durations from the log line that reports that the service is up. */
function phasesIn(line: string): Phases | undefined {
  const parsed: unknown = line.startsWith('{') ? JSON.parse(line) : undefined;
  if (typeof parsed !== 'object' || parsed === null) return undefined;
  const told = new Map<string, unknown>(Object.entries(parsed));
  const [load, database, schema, service] = PHASES.map((phase) => told.get(`phaselock.start.${phase}_ms`)).map(Number);
  if (load === undefined || database === undefined || schema === undefined || service === undefined) return undefined;
  return Number.isNaN(load) ? undefined : { load, database, schema, service };
}

async function start(dataDir: string): Promise<Started> {
  const since = performance.now();
  const child = spawn(process.execPath, [MAIN], {
    env: { ...process.env, PHASELOCK_PORT: '0', PHASELOCK_DATABASE_URL: '', PHASELOCK_DATA_DIR: dataDir },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let url: string | undefined;
  let phases: Phases | undefined;
  createInterface({ input: child.stderr }).on('line', (line) => {
    url ??= /is up at (\S+)/.exec(line)?.[1];
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    phases ??= phasesIn(line);
  });
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the service ended with ${child.exitCode}`);
    if (url !== undefined && phases !== undefined && (await fetch(`${url}/readyz`)).ok) break;
    await sleep(5);
  }
  return {
    readyMs: performance.now() - since,
    cpuMs: cpuOf(child.pid ?? 0),
    phases,
    kill: async () => {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

/** CPU time of the process in ms, which does not depend on the load of the machine. Linux only; 0 elsewhere. */
function cpuOf(pid: number): number {
  return (processRow(pid)?.cpuSeconds ?? 0) * 1_000;
}

async function killServer(dataDir: string): Promise<void> {
  const cluster = await realpath(join(dataDir, 'cluster'));
  const pid = Number((await readFile(join(cluster, 'postmaster.pid'), 'utf8')).split('\n')[0]);
  for (const each of [pid, ...(await childrenOf(pid))]) process.kill(each, 'SIGKILL');
}

const median = (numbers: readonly number[]): string =>
  (numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0).toFixed(0).padStart(9);

const dataDir = await mkdtemp(join(tmpdir(), 'phaselock-restart-'));
try {
  console.log(['killed'.padEnd(24), ...['ready ms', 'cpu ms', ...PHASES].map((name) => name.padStart(9))].join(''));
  let running = await start(dataDir);
  for (const what of ['the service', 'the service, PostgreSQL'] as const) {
    const seen: Started[] = [];
    for (let round = 0; round < rounds; round += 1) {
      await running.kill();
      if (what !== 'the service') await killServer(dataDir);
      running = await start(dataDir);
      seen.push(running);
    }
    const phases = PHASES.map((name) => median(seen.map((one) => one.phases[name])));
    const whole = [median(seen.map(({ readyMs }) => readyMs)), median(seen.map(({ cpuMs }) => cpuMs))];
    console.log([what.padEnd(24), ...whole, ...phases].join(''));
  }
  await running.kill();
} finally {
  await removeEmbeddedPostgres(dataDir);
  await rm(dataDir, { recursive: true, force: true });
}
