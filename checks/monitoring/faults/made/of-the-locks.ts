import { holdLock, runAdminStatement } from '@phaselock/testkit';
import type { Fault } from '../fault.ts';
import { aLiveSession, putLoadOn } from '../world/load.ts';

const HOLD_ONE = 'select from slots where task_id = $1 for update';
/** In turns: one transaction would not hold the slots that were made after it began. */
const HOLD_ALL = 'with held as materialized (select 1 from slots for update) select count(*), pg_sleep(6) from held';

/** Of many replacements, a few are of the slot that is held: too few for a person to be called for the budget. */
export const ONE_SLOT_HELD: Fault = {
  name: 'a transaction holds one slot, in which others go on replacing',
  alerts: [
    'PhaselockErrorRateHigh',
    'PhaselockReplacementsFailing',
    'PhaselockLockTimeouts',
    'PhaselockReplacementBudgetBurn 3d',
  ],
  make: async ({ world }) => {
    await using resources = new AsyncDisposableStack();
    const [one] = world.pair;
    const urls = world.pair.map(({ url }) => url);
    const at = await aLiveSession(one.url, world.key);
    resources.use(await holdLock(world.postgres.url(), HOLD_ONE, [at.slot.taskId]));
    resources.use(await putLoadOn({ urls, key: world.key, users: 2, pauseMs: 100, way: 'replace', at }));
    resources.use(await putLoadOn({ urls, key: world.key, users: 6, pauseMs: 400, way: 'replace' }));
    return resources.move();
  },
};

export const ALL_SLOTS_HELD: Fault = {
  name: 'transactions hold all slots, one after the other',
  alerts: [
    'PhaselockLockContention',
    'PhaselockReplacementBudgetBurn 1h',
    'PhaselockReplacementBudgetBurn 6h',
    'PhaselockReplacementBudgetBurn 1d',
  ],
  make: async ({ world }) => {
    await using resources = new AsyncDisposableStack();
    const letGo = new AbortController();
    const holdInTurns = async (): Promise<void> => {
      while (!letGo.signal.aborted) await runAdminStatement(world.postgres.url(), HOLD_ALL).catch(() => undefined);
    };
    const held = holdInTurns();
    resources.defer(async () => {
      letGo.abort();
      await held;
    });
    const urls = world.pair.map(({ url }) => url);
    resources.use(await putLoadOn({ urls, key: world.key, users: 8, pauseMs: 50, way: 'replace' }));
    return resources.move();
  },
};
