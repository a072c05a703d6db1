import { spawn } from 'node:child_process';
import { monotonic } from '../clock.ts';
import type { RedisProcess } from '../world/redis-process.ts';
import type { World } from '../world/world.ts';
import type { Fault, FaultContext } from './fault.ts';

const NO_REDIS = 'no redis-server on the PATH';
const everyApi = ({ world }: FaultContext): number[] => world.apis.map((_, index) => index);

const ofRedis = (name: string, strike: (redis: RedisProcess, context: FaultContext) => Promise<void>): Fault => ({
  name,
  slowsAnswers: false,
  unavailable: ({ redis }: World) => (redis === undefined ? NO_REDIS : undefined),
  strike: async (context) => {
    if (context.world.redis !== undefined) await strike(context.world.redis, context);
    return { since: monotonic(), apis: everyApi(context) };
  },
});

export const OTHER_FAULTS: readonly Fault[] = [
  ofRedis('kill -9 of Redis', async (redis, { hold }) => {
    await redis.end();
    await hold(300, 2_500);
    await redis.start();
  }),
  ofRedis('Redis frozen', async (redis, { hold }) => {
    redis.signal('SIGSTOP');
    await hold(800, 3_000);
    redis.signal('SIGCONT');
  }),
  ofRedis('Redis FLUSHALL', async (redis) => {
    await redis.command('FLUSHALL').catch(() => undefined);
  }),
  {
    name: 'kill -9 of a purge worker',
    slowsAnswers: false,
    strike: async (context) => {
      for (let tries = 0; tries < 40 && !context.world.purge.kill(); tries += 1) await context.hold(100, 150);
      return { since: monotonic(), apis: everyApi(context) };
    },
  },
  {
    name: 'archived objects flipped or deleted before the purge',
    slowsAnswers: false,
    strike: async (context) => {
      const count = await context.world.purge.damageNext();
      return { since: monotonic(), apis: everyApi(context), count };
    },
  },
  {
    name: 'no processor left',
    slowsAnswers: true,
    strike: async (context) => {
      const hogs = Array.from({ length: 4 }, () => spawn(process.execPath, ['-e', 'for (;;) {}'], { stdio: 'ignore' }));
      const endAll = () => {
        for (const hog of hogs) hog.kill('SIGKILL');
      };
      process.once('exit', endAll);
      await context.hold(1_500, 3_500);
      endAll();
      process.off('exit', endAll);
      return { since: monotonic(), apis: everyApi(context) };
    },
  },
];
