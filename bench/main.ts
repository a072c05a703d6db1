import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeEmbeddedPostgres, startEmbeddedPostgres } from '@phaselock/store';
import { redisAvailable, startRedis } from '@phaselock/testkit';
import { type BenchArguments, readArguments, USAGE } from './arguments.ts';
import { openBenchWorld } from './bench-world.ts';
import { createBenchDatabase } from './fresh-database.ts';
import { listScenarios } from './list-scenarios.ts';
import { peerRows, serverVersion } from './peer-rows.ts';
import { runRounds } from './run-rounds.ts';
import type { Row } from './scenario.ts';
import { heading, tableLine } from './table.ts';

const EXIT_USAGE = 64;

async function run(args: BenchArguments): Promise<void> {
  await using resources = new AsyncDisposableStack();
  const dataDir = await mkdtemp(join(tmpdir(), 'phaselock-bench-'));
  resources.defer(() => rm(dataDir, { recursive: true, force: true }));
  resources.defer(async () => void (await removeEmbeddedPostgres(dataDir)));
  const server = resources.use(await startEmbeddedPostgres({ dataDir }));
  const redis = redisAvailable().kind === 'none' ? undefined : resources.use(await startRedis());
  const stop = (): void => void resources.disposeAsync().then(() => process.kill(process.pid, 'SIGKILL'));
  process.once('SIGINT', stop).once('SIGTERM', stop);
  resources.defer(() => void process.off('SIGINT', stop).off('SIGTERM', stop));

  console.log(
    `PostgreSQL ${await serverVersion(server.adminUrl)}, fsync on, ${availableParallelism()} cores shared by clients and server`,
  );
  console.log(
    `${args.rounds} rounds of ${args.seconds} s, floor and ours by turns; ratio = ours / floor, the median of the rounds`,
  );
  if (redis === undefined) console.log('no redis-server on the PATH: its strategy is not measured');
  console.log(`\n${heading()}`);

  const rows: Row[] = [];
  const show = (row: Row): void => {
    rows.push(row);
    console.log(tableLine(row));
  };
  for (const { name, prepare } of listScenarios(redis)) {
    if (args.only !== undefined && !args.only.test(name)) continue;
    await using bench = await createBenchDatabase(server.adminUrl);
    await using world = await openBenchWorld(bench.url);
    show(await runRounds({ ...(await prepare(world)), name }, args));
  }
  if (args.peers) for await (const row of peerRows(server.adminUrl, args)) show(row);
  if (args.json !== undefined) await writeFile(args.json, `${JSON.stringify(rows, null, 2)}\n`);
}

const args = readArguments(process.argv.slice(2));
if (args === undefined) {
  console.error(USAGE);
  process.exitCode = EXIT_USAGE;
} else {
  await run(args);
}
