import { checkHistory, createTestDatabase, redisAvailable, startRedis } from '@phaselock/testkit';
import { describe, expect, test } from 'vitest';
import { openGuard } from '../../src/open-guard.ts';
import { collectHistory } from './collect-history.ts';
import { faultsIn } from './faults-in.ts';
import { openPlaces } from './open-places.ts';
import { randomSteps } from './random-client.ts';
import { seededRandom } from './seeded-random.ts';

const SEED = Number(process.env.PHASELOCK_PROOF_SEED ?? Math.floor(Math.random() * 2 ** 31));
const STEPS = Number(process.env.PHASELOCK_PROOF_STEPS ?? 6_000);
const CLIENTS = 50;
const STRATEGIES = ['pessimistic', 'optimistic', 'redis'] as const;

const flagsOf = (strategy: (typeof STRATEGIES)[number]) => () => ({
  pessimistic_locking_enabled: strategy === 'pessimistic',
  locking_strategy: strategy,
});
const redis = redisAvailable();

describe(`random clients, all strategies on the same slots (seed ${SEED})`, () => {
  test(`${CLIENTS} clients of three guards, ${STEPS} steps, leave a history without violations`, async () => {
    await using database = await createTestDatabase();
    await run(database.url, undefined, async () => {});
  });

  test.runIf(redis.kind === 'binary')(
    `the same while Redis is paused and stopped${redis.kind === 'none' ? ` (skipped: ${redis.reason})` : ''}`,
    async () => {
      await using database = await createTestDatabase();
      await using server = await startRedis();
      await run(database.url, server.url, async (share) => {
        if (share === 0.2) server.pause();
        if (share === 0.4) server.resume();
        if (share === 0.6) await server.stop();
      });
    },
  );
});

async function run(
  databaseUrl: string,
  redisUrl: string | undefined,
  at: (share: number) => Promise<void>,
): Promise<void> {
  await using resources = new AsyncDisposableStack();
  const shared = { databaseUrl, settings: { leaseMs: 400 }, ...(redisUrl !== undefined && { redisUrl }) };
  const guards = await Promise.all(
    STRATEGIES.map(async (strategy) =>
      resources.use(await openGuard({ ...shared, flags: flagsOf(strategy), maxSize: 8 })),
    ),
  );
  const [first] = guards;
  if (first === undefined) throw new Error('no guard');
  const places = await openPlaces(first, 24);
  const { recorder, operations, failures } = collectHistory();

  let taken = 0;
  const moments = [0.2, 0.4, 0.6];
  await Promise.all(
    Array.from({ length: CLIENTS }, async (_, number) => {
      const guard = guards[number % guards.length] ?? first;
      const step = randomSteps({
        name: `client ${number}`,
        guard,
        places,
        random: seededRandom(SEED + number),
        recorder,
      });
      while (taken < STEPS) {
        taken += 1;
        const [moment] = moments;
        if (moment !== undefined && taken >= STEPS * moment) await at(moments.shift() ?? moment);
        await step();
      }
    }),
  );

  expect(await checkHistory(first.database, operations())).toEqual([]);
  expect(await faultsIn(databaseUrl)).toEqual([]);
  expect(
    operations().filter(({ answered }) => answered?.effects.some(({ kind }) => kind === 'birth')).length,
  ).toBeGreaterThan(STEPS / 50);
  expect(
    [...failures.keys()].filter(
      (code) => code === 'unexpected' || code === 'session_create_failed' || code === 'backend_unavailable',
    ),
  ).toEqual([]);
}
