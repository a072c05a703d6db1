import { type Fault, inEachWindow, undo } from '../fault.ts';
import { putLoadOn } from '../world/load.ts';

export const POSTGRESQL_STOPPED: Fault = {
  name: 'PostgreSQL is stopped',
  alerts: ['PhaselockConnectionFailures'],
  also: [
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
  ],
  make: async ({ world }) => {
    await world.postgres.shutDown();
    return undo(() => world.postgres.start());
  },
};

/** More callers than two connections can serve in time, each of which is slow. */
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

/** Tables cannot grow, and PostgreSQL runs on. */
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

/** Its log has no room either: it ends, and cannot start again. */
export const LOG_FULL: Fault = {
  name: 'the disk of the embedded PostgreSQL is so full that it ends',
  alerts: ['PhaselockEmbeddedServerDown'],
  also: ['PhaselockStorageFull', 'PhaselockConnectionFailures', ...inEachWindow('PhaselockAvailabilityBudgetBurn')],
  make: async ({ world, until }) => {
    const { embedded } = world;
    await using resources = new AsyncDisposableStack();
    resources.defer(() => embedded.disk.free());
    await until(async () => {
      // Between two looks something becomes free, as a file of the log is put away.
      await embedded.disk.fill();
      await embedded.useLog().catch(() => undefined);
      return (await embedded.whyNotReady()) === 'storage-full';
    });
    return resources.move();
  },
};
