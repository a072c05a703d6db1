import { realpath, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { JOBS } from '@phaselock/monitoring';
import { type Fault, inEachWindow, undo } from '../fault.ts';
import { putLoadOn } from '../world/load.ts';

/** Alerts that any database outage may fire. */
const CONSEQUENCES = [
  'PhaselockErrorRateHigh',
  'PhaselockReplacementsFailing',
  'PhaselockLookupSlow',
  'PhaselockReplacementSlow',
  'PhaselockPoolWaitLong',
  'PhaselockShedding',
  'PhaselockFlagsUnread',
  'PhaselockPurgeFailing',
  ...inEachWindow('PhaselockAvailabilityBudgetBurn'),
  ...inEachWindow('PhaselockReplacementBudgetBurn'),
  ...inEachWindow('PhaselockLookupBudgetBurn'),
  ...inEachWindow('PhaselockReplacementTimeBudgetBurn'),
] as const;

export const POSTGRESQL_STOPPED: Fault = {
  name: 'PostgreSQL is stopped',
  alerts: ['PhaselockConnectionFailures'],
  also: CONSEQUENCES,
  make: async ({ world }) => {
    await world.postgres.shutDown();
    return undo(() => world.postgres.start());
  },
};

/**
 * The address leads to the former primary after a failover: it answers queries and refuses writes. The API with its own
 * server stays ready, so it is not a target meanwhile.
 */
export const FAILED_OVER: Fault = {
  name: 'PostgreSQL is a standby: no API is ready',
  alerts: ['PhaselockNotReady'],
  also: ['PhaselockConnectionFailures', ...CONSEQUENCES],
  make: async ({ world, targets }) => {
    const { postgres, embedded } = world;
    await using resources = new AsyncDisposableStack();
    await targets.remove(JOBS.api, embedded.address);
    resources.defer(() => targets.add(JOBS.api, embedded.address));
    const cluster = await realpath(join(world.folder, 'postgres', 'cluster'));
    const signal = join(cluster, 'standby.signal');
    await postgres.shutDown();
    resources.defer(() => postgres.start());
    await writeFile(join(cluster, 'postgresql.auto.conf'), "hot_standby = 'on'\n", { flag: 'a' });
    await writeFile(signal, '');
    resources.defer(() => rm(signal));
    await postgres.start();
    resources.defer(() => postgres.shutDown());
    return resources.move();
  },
};

/** More callers than two slow connections can serve in time. */
export const POOL_EXHAUSTED: Fault = {
  name: 'the connections of an API are used up',
  alerts: ['PhaselockPoolWaitLong', 'PhaselockShedding'],
  also: [
    'PhaselockErrorRateHigh',
    'PhaselockLookupSlow',
    'PhaselockConnectionFailures',
    'PhaselockFlagsUnread',
    ...inEachWindow('PhaselockAvailabilityBudgetBurn'),
    ...inEachWindow('PhaselockLookupBudgetBurn'),
  ],
  make: async ({ world }) => {
    await using resources = new AsyncDisposableStack();
    const { back, url } = world.small;
    back.set({ kind: 'delay', ms: 60 });
    resources.defer(() => back.set({ kind: 'pass' }));
    resources.use(await putLoadOn({ urls: [url], key: world.key, users: 24, pauseMs: 100, way: 'create' }));
    return resources.move();
  },
};

/** Tables cannot grow, but PostgreSQL keeps running. */
export const DISK_FULL: Fault = {
  name: 'the disk of the embedded PostgreSQL is full',
  alerts: ['PhaselockStorageFull', ...inEachWindow('PhaselockAvailabilityBudgetBurn')],
  also: ['PhaselockErrorRateHigh', 'PhaselockConnectionFailures', 'PhaselockEmbeddedServerDown'],
  make: async ({ world, until }) => {
    const { disk, url } = world.embedded;
    await using resources = new AsyncDisposableStack();
    const load = resources.use(await putLoadOn({ urls: [url], key: undefined, users: 2, pauseMs: 100, way: 'create' }));
    await until(() => load.answered() > 10);
    resources.defer(() => disk.free());
    await disk.fill();
    return resources.move();
  },
};

/** The write-ahead log cannot grow either, so PostgreSQL ends and cannot start again. */
export const LOG_FULL: Fault = {
  name: 'the disk of the embedded PostgreSQL is so full that the server ends',
  alerts: ['PhaselockEmbeddedServerDown'],
  // Without Redis, invalidations are sent through the PostgreSQL that ended.
  also: ['PhaselockStorageFull', 'PhaselockConnectionFailures', 'PhaselockRedisAway', ...CONSEQUENCES],
  make: async ({ world, until }) => {
    const { embedded } = world;
    await using resources = new AsyncDisposableStack();
    resources.defer(() => embedded.disk.free());
    await using user = await embedded.openLogUser();
    await until(async () => {
      // Some space becomes free between two checks, for example when PostgreSQL removes a WAL file.
      await embedded.disk.fill();
      await user.useLog().catch(() => undefined);
      return (await embedded.whyNotReady()) === 'storage-full';
    });
    return resources.move();
  },
};
