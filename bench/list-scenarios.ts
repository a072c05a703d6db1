import type { RedisServer } from '@phaselock/testkit';
import type { BenchWorld, Strategy } from './bench-world.ts';
import type { Scenario } from './scenario.ts';
import { bulkScenario } from './scenarios/bulk.ts';
import { httpLatestScenario, httpReplaceScenario } from './scenarios/http.ts';
import { latestScenario } from './scenarios/latest.ts';
import { type ReplaceShape, replaceScenario } from './scenarios/replace.ts';
import { sameModelScenario } from './scenarios/same-model.ts';
import { turnScenario } from './scenarios/turn.ts';

export type ListedScenario = {
  readonly name: string;
  /** True for scenarios of the strategy `redis`, which are skipped without a Redis server. */
  readonly needsRedis?: boolean;
  prepare(world: BenchWorld, redis: RedisServer | undefined): Promise<Omit<Scenario, 'name'>>;
};

const STRATEGIES: readonly Strategy[] = ['optimistic', 'pessimistic', 'redis'];

/** All scenarios, in the order of the table. */
export const SCENARIOS: readonly ListedScenario[] = [
  ...STRATEGIES.flatMap((strategy) =>
    [1, 32, 100].map((clients) => replace(`distinct keys, ${strategy}, ${clients}`, { strategy, clients })),
  ),
  ...STRATEGIES.flatMap((strategy) =>
    [32, 100].map((clients) => replace(`4 hot keys, ${strategy}, ${clients}`, { strategy, clients, hotKeys: 4 })),
  ),
  { name: 'same-model start, warm', prepare: (world) => sameModelScenario(world, { clients: 32, cold: false }) },
  { name: 'same-model start, cold', prepare: (world) => sameModelScenario(world, { clients: 32, cold: true }) },
  { name: 'turn, begun and finished', prepare: (world) => turnScenario(world, 32) },
  ...[1, 100, 1_000].map((count) => ({
    name: `latest of ${count} ${count === 1 ? 'task' : 'tasks'}`,
    prepare: (world: BenchWorld) => latestScenario(world, { clients: count === 1_000 ? 4 : 32, count }),
  })),
  { name: 'bulk replace of 1000, by session', prepare: bulkScenario },
  { name: 'HTTP: latest session, warm', prepare: (world) => httpLatestScenario(world, 32) },
  { name: 'HTTP: replace, distinct keys, optimistic', prepare: (world) => httpReplaceScenario(world, 32) },
];

function replace(what: string, shape: ReplaceShape): ListedScenario {
  const needsRedis = shape.strategy === 'redis';
  return {
    name: `replace, ${what}`,
    needsRedis,
    prepare: (world, redis) =>
      replaceScenario(world, { ...shape, ...(needsRedis && redis !== undefined && { redisUrl: redis.url }) }),
  };
}
