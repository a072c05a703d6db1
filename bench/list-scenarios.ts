import type { RedisServer } from '@phaselock/testkit';
import type { BenchWorld, Strategy } from './bench-world.ts';
import type { Scenario } from './scenario.ts';
import { bulkScenario } from './scenarios/bulk.ts';
import { latestScenario } from './scenarios/latest.ts';
import { replaceScenario } from './scenarios/replace.ts';
import { sameModelScenario } from './scenarios/same-model.ts';
import { turnScenario } from './scenarios/turn.ts';

export type NamedScenario = { readonly name: string; prepare(world: BenchWorld): Promise<Omit<Scenario, 'name'>> };

const CLIENTS = [1, 32, 100] as const;

/** Everything that is measured, in the order of the table. Redis is measured where there is one. */
export function listScenarios(redis: RedisServer | undefined): NamedScenario[] {
  const strategies: Strategy[] =
    redis === undefined ? ['optimistic', 'pessimistic'] : ['optimistic', 'pessimistic', 'redis'];
  const redisFor = (strategy: Strategy) => (strategy === 'redis' && redis !== undefined ? { redisUrl: redis.url } : {});
  return [
    ...strategies.flatMap((strategy) =>
      CLIENTS.map((clients) => ({
        name: `replace, distinct keys, ${strategy}, ${clients}`,
        prepare: (world: BenchWorld) => replaceScenario(world, { strategy, clients, ...redisFor(strategy) }),
      })),
    ),
    ...strategies.flatMap((strategy) =>
      [32, 100].map((clients) => ({
        name: `replace, 4 hot keys, ${strategy}, ${clients}`,
        prepare: (world: BenchWorld) =>
          replaceScenario(world, { strategy, clients, hotKeys: 4, ...redisFor(strategy) }),
      })),
    ),
    { name: 'same-model start, warm', prepare: (world) => sameModelScenario(world, { clients: 32, cold: false }) },
    { name: 'same-model start, cold', prepare: (world) => sameModelScenario(world, { clients: 32, cold: true }) },
    { name: 'turn, begun and finished', prepare: (world) => turnScenario(world, 32) },
    ...[1, 100, 1_000].map((count) => ({
      name: `latest of ${count} ${count === 1 ? 'task' : 'tasks'}`,
      prepare: (world: BenchWorld) => latestScenario(world, { clients: count === 1_000 ? 4 : 32, count }),
    })),
    { name: 'bulk replace of 1000, by session', prepare: bulkScenario },
  ];
}
