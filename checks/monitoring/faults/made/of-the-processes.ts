import { JOBS } from '@phaselock/monitoring';
import type { AlertId } from '../alerting/watch-alerts.ts';
import { type Fault, inEachWindow, undo } from '../fault.ts';
import { controlGroups } from '../world/control-group.ts';
import { putLoadOn } from '../world/load.ts';
import { residentBytes } from '../world/resident-bytes.ts';

const FEW_CORES = 0.2;
const NEARLY_FULL = 0.9;

const unavailable = (): string | undefined => {
  const groups = controlGroups();
  return groups.kind === 'none' ? groups.reason : undefined;
};

/** The control group of the API has a fifth of a core, and hardly more memory than the process already uses. */
export const SHORT_OF_RESOURCES: Fault = {
  name: 'an API has a fifth of a processor, and has used nearly all of its memory',
  alerts: ['PhaselockCpuHigh', 'PhaselockMemoryHigh'],
  // The API is slow, also in its answers to scrapes.
  also: [
    'PhaselockApiDown',
    'PhaselockLookupSlow',
    'PhaselockPoolWaitLong',
    'PhaselockFlagsUnread',
    ...inEachWindow('PhaselockLookupBudgetBurn'),
  ],
  unavailable,
  make: async ({ world }) => {
    const groups = controlGroups();
    if (groups.kind === 'none') throw new Error(groups.reason);
    await using resources = new AsyncDisposableStack();
    const group = resources.use(groups.make());
    const pid = world.small.process.pid();
    resources.defer(() => {
      group.boundCores(null);
      group.boundBytes(null);
    });
    group.take(pid);
    group.boundCores(FEW_CORES);
    group.boundBytes(residentBytes(pid) / NEARLY_FULL);
    resources.use(await putLoadOn({ urls: [world.small.url], key: world.key, users: 3, pauseMs: 1, way: 'create' }));
    return resources.move();
  },
};

/**
 * After its start, a process uses no snapshot from Redis for the lifetime of a snapshot: ten of the twelve seconds of
 * the rule's window.
 */
const AFTER_A_START: readonly AlertId[] = ['PhaselockRedisAway'];

/** Imitates an orchestrator that kills a process again and again because it does not become ready. */
export const API_KILLED: Fault = {
  name: 'an API is killed (SIGKILL), and again after each restart',
  alerts: ['PhaselockApiDown', 'PhaselockRestarting'],
  also: AFTER_A_START,
  make: async ({ world, isTold, ask, until }) => {
    const { process, address } = world.pair[1];
    await process.end('SIGKILL');
    await until(() => isTold('PhaselockApiDown'));
    const ended = new AbortController();
    let began: number | undefined;
    let isUp = false;
    const restart = async (): Promise<void> => {
      while (!ended.signal.aborted) {
        await process.start();
        isUp = true;
        const before = began;
        await until(async () => {
          began = await ask(`process_start_time_seconds{instance="${address}"}`);
          return began !== undefined && began !== before;
        });
        if (ended.signal.aborted) return;
        isUp = false;
        await process.end('SIGKILL');
      }
    };
    const restarting = restart();
    return undo(async () => {
      ended.abort();
      await restarting;
      if (!isUp) await process.start();
    });
  },
};

export const ALL_APIS_KILLED: Fault = {
  name: 'every API is killed (SIGKILL)',
  alerts: ['PhaselockApiAllDown'],
  also: ['PhaselockApiDown', 'PhaselockRestarting', ...AFTER_A_START],
  make: async ({ world }) => {
    const all = [...world.pair, world.small, world.embedded].map(({ process }) => process);
    await Promise.all(all.map((process) => process.end('SIGKILL')));
    return undo(async () => void (await Promise.all(all.map((process) => process.start()))));
  },
};

export const REDIS_AWAY: Fault = {
  name: 'Redis is killed',
  alerts: ['PhaselockRedisAway'],
  make: async ({ world }) => {
    await world.redis.end();
    return undo(() => world.redis.start());
  },
};

export const WORKER_KILLED: Fault = {
  name: 'a purge worker is killed (SIGKILL)',
  alerts: ['PhaselockWorkerDown'],
  make: async ({ world }) => {
    const [, worker] = world.workers;
    await worker.end('SIGKILL');
    return undo(() => worker.start());
  },
};

const outOfDiscovery = (name: string, job: string, alert: AlertId): Fault => ({
  name,
  alerts: [alert],
  make: ({ targets }) => targets.withoutJob(job),
});

export const WORKERS_GONE = outOfDiscovery(
  'every purge worker is removed from service discovery',
  JOBS.worker,
  'PhaselockWorkerAbsent',
);
export const APIS_GONE = outOfDiscovery('every API is removed from service discovery', JOBS.api, 'PhaselockApiAbsent');
