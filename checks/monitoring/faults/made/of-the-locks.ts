import { holdLock, runAdminStatement } from '@phaselock/testkit';
import { type Fault, inEachWindow, type Surroundings } from '../fault.ts';
import { aLiveSession, putLoadOn } from '../world/load.ts';

const HOLD_ONE = 'select from slots where task_id = $1 for update';
/** Repeated by holdInTurns, because one transaction does not lock the slots that are created after it began. */
const holdAllFor = (seconds: number): string =>
  `with held as materialized (select 1 from slots for update) select count(*), pg_sleep(${seconds}) from held`;

/** Alerts that long waits for locks may fire: the requests are slow, and return a 5xx if they get no lock in time. */
const WAITED_FOR = [
  'PhaselockErrorRateHigh',
  'PhaselockReplacementsFailing',
  'PhaselockReplacementSlow',
  'PhaselockLockTimeouts',
  'PhaselockLockContention',
  ...inEachWindow('PhaselockReplacementBudgetBurn'),
  ...inEachWindow('PhaselockReplacementTimeBudgetBurn'),
  ...inEachWindow('PhaselockAvailabilityBudgetBurn'),
];

/** Only a few of many replacements concern the held slot, so the budget burns too slowly for a page. */
export const ONE_SLOT_HELD: Fault = {
  name: 'a transaction holds one slot, whose session others try to replace',
  alerts: ['PhaselockErrorRateHigh', 'PhaselockReplacementsFailing', 'PhaselockLockTimeouts'],
  also: WAITED_FOR,
  make: async ({ world }) => {
    await using resources = new AsyncDisposableStack();
    const [one] = world.pair;
    const urls = world.pair.map(({ url }) => url);
    const at = await aLiveSession(one.url, world.key);
    resources.use(await holdLock(world.postgres.url(), HOLD_ONE, [at.slot.taskId]));
    resources.use(await putLoadOn({ urls, key: world.key, users: 3, pauseMs: 100, way: 'replace', at }));
    resources.use(await putLoadOn({ urls, key: world.key, users: 8, pauseMs: 400, way: 'replace' }));
    return resources.move();
  },
};

/** The slots are held longer than any request waits for a lock. */
export const ALL_SLOTS_HELD: Fault = {
  name: 'transactions hold all slots for six seconds at a time',
  alerts: inEachWindow('PhaselockReplacementBudgetBurn'),
  also: WAITED_FOR,
  make: (around) => holdInTurns(around, { seconds: 6, users: 8 }),
};

/** Every request gets its lock, but has to wait for it. */
export const SLOTS_FOUGHT_FOR: Fault = {
  name: 'transactions hold all slots for a second at a time',
  alerts: ['PhaselockLockContention'],
  also: WAITED_FOR,
  make: (around) => holdInTurns(around, { seconds: 1, users: 12 }),
};

type Holding = { readonly seconds: number; readonly users: number };

async function holdInTurns({ world }: Surroundings, { seconds, users }: Holding): Promise<AsyncDisposable> {
  await using resources = new AsyncDisposableStack();
  const letGo = new AbortController();
  const hold = async (): Promise<void> => {
    while (!letGo.signal.aborted)
      await runAdminStatement(world.postgres.url(), holdAllFor(seconds)).catch(() => undefined);
  };
  const held = hold();
  resources.defer(async () => {
    letGo.abort();
    await held;
  });
  const urls = world.pair.map(({ url }) => url);
  resources.use(await putLoadOn({ urls, key: world.key, users, pauseMs: 100, way: 'replace' }));
  return resources.move();
}
