import { availableParallelism } from 'node:os';
import { openDatabase } from '@phaselock/store';
import { type RedisServer, redisAvailable, startRedis } from '@phaselock/testkit';
import type { BenchArguments } from './arguments.ts';
import { openBenchServer } from './bench-server.ts';
import { openBenchWorld } from './bench-world.ts';
import { createBenchDatabase } from './fresh-database.ts';
import { listPeers } from './list-peers.ts';
import { type ListedScenario, SCENARIOS } from './list-scenarios.ts';
import { runRounds } from './run-rounds.ts';
import type { Row } from './scenario.ts';
import { heading, noteLine, tableLine } from './table.ts';
import { untilInterrupted } from './until-interrupted.ts';

/**
 * Starts the servers, measures the scenarios one after the other, each in its own database, and removes everything at
 * the end.
 */
export async function runBenchmarks(args: BenchArguments, listed: readonly ListedScenario[]): Promise<Row[]> {
  await using resources = new AsyncDisposableStack();
  return await untilInterrupted(async () => {
    const server = resources.use(await openBenchServer());
    const { adminUrl } = await server.started();
    const redis = redisAvailable().kind === 'none' ? undefined : resources.use(await startRedis());
    await introduce(adminUrl, args);
    const rows: Row[] = [];
    for (const scenario of listed) {
      if (scenario.needsRedis && redis === undefined) {
        console.log(`${scenario.name}\n${noteLine('skipped: no redis-server on the PATH')}`);
        continue;
      }
      rows.push(await measureInFreshDatabase(scenario, { adminUrl, redis, args }));
    }
    return rows;
  });
}

export const chooseScenarios = ({ only, peers }: BenchArguments): ListedScenario[] =>
  [...SCENARIOS, ...(peers ? listPeers() : [])].filter(({ name }) => only === undefined || only.test(name));

type Place = { readonly adminUrl: string; readonly redis: RedisServer | undefined; readonly args: BenchArguments };

async function measureInFreshDatabase(
  { name, prepare }: ListedScenario,
  { adminUrl, redis, args }: Place,
): Promise<Row> {
  await using bench = await createBenchDatabase(adminUrl);
  await using world = await openBenchWorld(bench.url);
  const scenario = await prepare(world, redis);
  const checked = await scenario.check?.();
  const row = await runRounds({ ...scenario, name }, args);
  console.log(tableLine(row));
  if (checked !== undefined) console.log(noteLine(checked));
  return row;
}

async function introduce(adminUrl: string, { rounds, seconds }: BenchArguments): Promise<void> {
  await using database = openDatabase({ url: adminUrl, maxSize: 1 });
  const { rows } = await database.pool.pg.query<{ server_version: string; fsync: string; synchronous_commit: string }>(
    `select current_setting('server_version') as server_version, current_setting('fsync') as fsync,
            current_setting('synchronous_commit') as synchronous_commit`,
  );
  const [settings] = rows;
  const cores = `${availableParallelism()} cores shared by clients and server`;
  console.log(
    `PostgreSQL ${settings?.server_version}, fsync ${settings?.fsync}, synchronous_commit ${settings?.synchronous_commit}, ${cores}`,
  );
  console.log(
    `${rounds} rounds of ${seconds} s, each measures the floor, then phaselock; ratio = phaselock / floor, median of the rounds\n\n${heading()}`,
  );
}
