import { runAdminStatement } from '@phaselock/testkit';
import { type Fault, inEachWindow, undo } from '../fault.ts';
import { putLoadOn } from '../world/load.ts';

export const POSTGRESQL_STOPPED: Fault = {
  name: 'PostgreSQL is stopped',
  alerts: [
    ...inEachWindow('PhaselockAvailabilityBudgetBurn'),
    ...inEachWindow('PhaselockReplacementBudgetBurn'),
    'PhaselockErrorRateHigh',
    'PhaselockReplacementsFailing',
    'PhaselockConnectionFailures',
  ],
  make: async ({ world }) => {
    await world.postgres.shutDown();
    return undo(() => world.postgres.start());
  },
};

/** Somebody else's transaction holds the rows of the slots, and other callers ask for the same ones. */
export const SLOTS_LOCKED: Fault = {
  name: 'a transaction holds the slots that sessions are replaced in',
  alerts: ['PhaselockLockTimeouts', 'PhaselockLockContention'],
  make: async ({ world }) => {
    await using resources = new AsyncDisposableStack();
    const holding = new AbortController();
    const hold = async (): Promise<void> => {
      // In turns: within one transaction, sessions of slots that were made meanwhile would not be held.
      while (!holding.signal.aborted) {
        await runAdminStatement(
          world.postgres.url(),
          'with held as materialized (select 1 from slots for update) select count(*), pg_sleep(6) from held',
        ).catch(() => undefined);
      }
    };
    const held = hold();
    resources.defer(async () => {
      holding.abort();
      await held;
    });
    resources.use(
      await putLoadOn({
        urls: world.pair.map(({ url }) => url),
        key: world.key,
        users: 10,
        pauseMs: 50,
        way: 'replace',
      }),
    );
    return resources.move();
  },
};

/** More callers than its two connections can serve in time, each of which is slow. */
export const POOL_EXHAUSTED: Fault = {
  name: 'the connections of an API are used up',
  alerts: ['PhaselockPoolWaitLong', 'PhaselockShedding'],
  make: async ({ world }) => {
    await using resources = new AsyncDisposableStack();
    world.small.back.set({ kind: 'delay', ms: 60 });
    resources.defer(() => world.small.back.set({ kind: 'pass' }));
    resources.use(await putLoadOn({ urls: [world.small.url], key: world.key, users: 30, pauseMs: 50, way: 'create' }));
    return resources.move();
  },
};

/** Tables cannot grow; then its log has no room either, and it ends and cannot start again. */
export const DISK_FULL: Fault = {
  name: 'the disk of the embedded PostgreSQL is full',
  alerts: ['PhaselockStorageFull', 'PhaselockEmbeddedServerDown'],
  make: async ({ world, until }) => {
    const { embedded } = world;
    await using resources = new AsyncDisposableStack();
    const load = resources.use(
      await putLoadOn({ urls: [embedded.url], key: undefined, users: 2, pauseMs: 50, way: 'create' }),
    );
    await until(() => load.answered() > 20);
    resources.defer(() => embedded.disk.free());
    await embedded.disk.fill();
    await until(async () => {
      // Between two looks something becomes free, as a file of the log is put away.
      await embedded.disk.fill();
      await embedded.useLog().catch(() => undefined);
      return (await embedded.whyNotReady()) === 'storage-full';
    });
    return resources.move();
  },
};
