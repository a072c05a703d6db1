import { monotonic } from '../clock.ts';
import type { Fault, FaultContext, Struck } from './fault.ts';

const CLIENT_BACKENDS =
  "select pid from pg_stat_activity where backend_type = 'client backend' and datname = 'phaselock' and pid <> pg_backend_pid()";

const everyApi = ({ world }: FaultContext): number[] => world.apis.map((_, index) => index);

async function struck(context: FaultContext, since: number): Promise<Struck> {
  return { since, apis: everyApi(context) };
}

const ROWS = [
  'select 1 from slots order by random() limit 6 for update',
  "select 1 from sessions where status = 'running' order by random() limit 6 for update",
];

export const DATABASE_FAULTS: readonly Fault[] = [
  {
    name: 'kill -9 of the postmaster',
    slowsAnswers: false,
    strike: async (context) => {
      const since = monotonic();
      await context.world.postgres.kill();
      await context.hold(0, 800);
      await context.world.postgres.start();
      return struck(context, since);
    },
  },
  {
    name: 'fast shutdown and restart of PostgreSQL',
    slowsAnswers: false,
    strike: async (context) => {
      const since = monotonic();
      await context.world.postgres.shutDown();
      await context.world.postgres.start();
      return struck(context, since);
    },
  },
  {
    name: 'kill -9 of one backend',
    slowsAnswers: false,
    strike: async (context) => {
      const since = monotonic();
      const [row] = await context.world.postgres.ask(`${CLIENT_BACKENDS} order by random() limit 1`);
      if (row !== undefined) killQuietly(Number(row.pid));
      return struck(context, since);
    },
  },
  {
    name: 'pg_terminate_backend of several backends',
    slowsAnswers: false,
    strike: async (context) => {
      for (let times = 0; times < 3; times += 1) {
        await context.world.postgres.ask(
          `select pg_terminate_backend(pid) from (${CLIENT_BACKENDS} order by random() limit 5) as chosen`,
        );
        await context.hold(50, 300);
      }
      return struck(context, monotonic());
    },
  },
  {
    name: 'PostgreSQL frozen',
    slowsAnswers: false,
    unavailable: () => (process.platform === 'linux' ? undefined : 'needs /proc'),
    strike: async (context) => {
      context.world.postgres.signalAll('SIGSTOP');
      await context.hold(1_000, context.leaseMs * 1.5);
      context.world.postgres.signalAll('SIGCONT');
      return struck(context, monotonic());
    },
  },
  {
    name: 'rows locked by another connection',
    slowsAnswers: false,
    strike: async (context) => {
      const seconds = context.random.whole(5, 25) / 10;
      const rows = context.random.pick(ROWS);
      await context.world.postgres
        .ask(`with held as materialized (${rows}) select count(*), pg_sleep(${seconds}) from held`)
        .catch(() => undefined);
      return struck(context, monotonic());
    },
  },
  {
    name: 'a full disk',
    slowsAnswers: false,
    unavailable: ({ disk }) => disk.cannotFill,
    strike: async (context) => {
      const { disk, postgres } = context.world;
      await disk.fill();
      await context.hold(800, 2_500);
      await disk.empty();
      const since = monotonic();
      // PostgreSQL shuts down when it cannot write its log, and its keeper restarts it.
      const answers = await postgres.ask('select 1').then(
        () => true,
        () => false,
      );
      if (!answers) {
        await context.hold(1_000, 1_000);
        if (
          !(await postgres.ask('select 1').then(
            () => true,
            () => false,
          ))
        ) {
          await postgres.kill();
          await postgres.start();
        }
      }
      return struck(context, since);
    },
  },
];

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // The process has already ended.
  }
}
