import { openDatabase, POOL_DEFAULTS } from '@phaselock/store';
import { openBenchWorld } from './bench-world.ts';
import { createBenchDatabase } from './fresh-database.ts';
import { openGraphileWorker } from './peers/graphile-worker.ts';
import { openPgBoss } from './peers/pg-boss.ts';
import { type Rounds, runRounds } from './run-rounds.ts';
import type { Row } from './scenario.ts';
import { replaceScenario } from './scenarios/replace.ts';

const SHAPES = [
  { keys: 'distinct keys', hotKeys: undefined, peerKeys: 32 },
  { keys: '4 hot keys', hotKeys: 4, peerKeys: 4 },
] as const;

/** Others' nearest thing to a replace is the floor here, so the ratio says how many times faster ours is in the same rounds. */
export async function* peerRows(adminUrl: string, rounds: Rounds): AsyncGenerator<Row> {
  for (const { keys, hotKeys, peerKeys } of SHAPES) {
    for (const peer of ['pg-boss', 'graphile-worker'] as const) {
      await using bench = await createBenchDatabase(adminUrl);
      await using world = await openBenchWorld(bench.url);
      await using theirs =
        peer === 'pg-boss'
          ? await openPgBoss(bench.url, POOL_DEFAULTS.maxSize)
          : await openGraphileWorker(bench.url, POOL_DEFAULTS.maxSize);
      const ours = await replaceScenario(world, { strategy: 'optimistic', clients: 32, ...(hotKeys && { hotKeys }) });
      yield await runRounds(
        { ...ours, floor: theirs.replace(peerKeys), name: `replace, ${keys}, against ${peer}` },
        rounds,
      );
    }
  }
}

/** So that a benchmark run against the wrong server says so before anything is measured. */
export async function serverVersion(url: string): Promise<string> {
  await using database = openDatabase({ url, maxSize: 1 });
  const { rows } = await database.pool.pg.query<{ server_version: string }>('show server_version');
  return rows[0]?.server_version ?? 'unknown';
}
