import { POOL_DEFAULTS } from '@phaselock/store';
import type { BenchWorld } from './bench-world.ts';
import type { ListedScenario } from './list-scenarios.ts';
import { openGraphileWorker } from './peers/graphile-worker.ts';
import { openPgBoss } from './peers/pg-boss.ts';
import type { Scenario } from './scenario.ts';
import { replaceScenario } from './scenarios/replace.ts';

const CLIENTS = 32;

const SHAPES = [
  { keys: 'distinct keys', peerKeys: CLIENTS, ours: {} },
  { keys: '4 hot keys', peerKeys: 4, ours: { hotKeys: 4 } },
] as const;

const PEERS = { 'pg-boss': openPgBoss, 'graphile-worker': openGraphileWorker } as const;

/**
 * Scenarios that compare the replacement of a session with the nearest operation of job queues on PostgreSQL, instead
 * of with its floor (the least work it needs). The ratio is how many times faster phaselock is in the same rounds.
 */
export const listPeers = (): ListedScenario[] =>
  SHAPES.flatMap(({ keys, peerKeys, ours }) =>
    Object.entries(PEERS).map(([peer, open]) => ({
      name: `replace, ${keys}, against ${peer}`,
      async prepare(world: BenchWorld): Promise<Omit<Scenario, 'name'>> {
        const theirs = world.use(await open(world.databaseUrl, POOL_DEFAULTS.maxSize));
        const scenario = await replaceScenario(world, { strategy: 'optimistic', clients: CLIENTS, ...ours });
        return { ...scenario, floor: theirs.replace(peerKeys) };
      },
    })),
  );
