import { writeFile } from 'node:fs/promises';
import { UsageError } from './arguments.ts';
import { type BenchWorld, openBenchWorld } from './bench-world.ts';
import { cpuSecondsOf, ownCpuSeconds } from './cpu-seconds.ts';
import { createBenchDatabase } from './fresh-database.ts';
import { type Beaten, beatOnSchedule } from './heartbeats/beat-on-schedule.ts';
import { type RunningTurn, runningTurns } from './heartbeats/running-turns.ts';
import { onBenchServer } from './on-bench-server.ts';
import { processesOfPostgres } from './processes-of-postgres.ts';
import { type Numbers, readNumbers } from './read-numbers.ts';
import { type ServedApi, serveApi } from './serve-api.ts';

/**
 * Measures many runners that renew their leases over HTTP on schedule, three times in each lease, with one API process
 * and one PostgreSQL server. Exits with 1 if a lease was not renewed in time or the schedule was not kept.
 */
const USAGE = `usage: bench:heartbeats [--runners N] [--seconds N] [--json FILE]

  --runners N   running turns, each with a lease to renew, 1 to 100000 (10000)
  --seconds N   how long the heartbeats are measured, 1 to 600 (60)
  --json FILE   writes the figures as JSON`;

const LIMITS = { runners: { default: 10_000, most: 100_000 }, seconds: { default: 60, most: 600 } } as const;
const LEASE_SECONDS = 30;
const BEATS_A_LEASE = 3;
const INTERVAL_MS = (LEASE_SECONDS / BEATS_A_LEASE) * 1_000;
/** The share of the asked rate that must be answered. */
const KEPT = 0.99;

async function measureAll(world: BenchWorld, given: Numbers<'runners' | 'seconds'>): Promise<void> {
  const api = await serveApi(world);
  const turns = await runningTurns(world, given.runners);
  const asked = given.runners / (INTERVAL_MS / 1_000);
  console.log(`${given.runners} runners, a heartbeat of each every ${INTERVAL_MS / 1_000} s: ${asked.toFixed(0)}/s`);
  const measured = await withProcessorShares(world, api, turns, given.seconds);
  const { beaten, cores } = measured;
  const rate = beaten.answered / beaten.seconds;
  console.log(
    `answered ${rate.toFixed(0)}/s, ${beaten.failed} failed, p50 ${beaten.p50Ms.toFixed(1)} ms, p99 ${beaten.p99Ms.toFixed(1)} ms`,
  );
  for (const [part, share] of Object.entries(cores))
    console.log(`${part.padEnd(12)} ${share.toFixed(2)} of a processor`);
  if (given.json !== undefined)
    await writeFile(given.json, `${JSON.stringify({ asked, rate, ...measured }, null, 2)}\n`);
  if (beaten.failed > 0 || rate < asked * KEPT) process.exitCode = 1;
}

async function withProcessorShares(
  world: BenchWorld,
  api: ServedApi,
  turns: readonly RunningTurn[],
  seconds: number,
): Promise<{ readonly beaten: Beaten; readonly cores: Readonly<Record<string, number>> }> {
  const spent = async (): Promise<Record<string, number>> => ({
    api: cpuSecondsOf([api.pid]),
    postgresql: cpuSecondsOf(await processesOfPostgres(world.database)),
    load: ownCpuSeconds(),
  });
  const schedule = { intervalMs: INTERVAL_MS, seconds };
  // The first round compiles code and opens connections, and renews the leases that were given while the turns began.
  await beatOnSchedule(api, turns, { ...schedule, seconds: INTERVAL_MS / 1_000 });
  const before = await spent();
  const beaten = await beatOnSchedule(api, turns, schedule);
  const after = await spent();
  const cores = Object.fromEntries(
    Object.entries(after).map(([part, total]) => [part, (total - (before[part] ?? 0)) / beaten.seconds]),
  );
  return { beaten, cores };
}

try {
  const given = readNumbers(process.argv.slice(2), LIMITS, USAGE);
  await onBenchServer(async (adminUrl, owned) => {
    const database = owned.use(await createBenchDatabase(adminUrl));
    const world = owned.use(await openBenchWorld(database.url));
    await measureAll(world, given);
  });
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`bench:heartbeats: ${error.message}`);
  process.exitCode = 64;
}
