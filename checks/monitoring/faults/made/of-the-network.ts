import { type Fault, inEachWindow, undo } from '../fault.ts';
import { putLoadOn } from '../world/load.ts';

/** The delay in each direction: one round trip takes longer than a replacement may. */
const LATENCY_MS = 280;
const slow = { kind: 'delay', ms: LATENCY_MS } as const;
const pass = { kind: 'pass' } as const;

const BUDGETS_OF_TIME = [
  ...inEachWindow('PhaselockLookupBudgetBurn'),
  ...inEachWindow('PhaselockReplacementTimeBudgetBurn'),
];

/** About a fifth of the calls go to the slow API: too few for a page, and enough for a ticket. */
export const ONE_SLOW: Fault = {
  name: 'the network between one API and PostgreSQL is slow (280 ms each way)',
  alerts: ['PhaselockLookupSlow', 'PhaselockReplacementSlow'],
  also: BUDGETS_OF_TIME,
  make: async ({ world }) => {
    const [one, other] = world.pair;
    await using resources = new AsyncDisposableStack();
    other.back.set(slow);
    resources.defer(() => other.back.set(pass));
    resources.use(await putLoadOn({ urls: [one.url], key: world.key, users: 1, pauseMs: 120 }));
    return resources.move();
  },
};

export const ALL_SLOW: Fault = {
  name: 'the network between every API and PostgreSQL is slow (280 ms each way)',
  alerts: BUDGETS_OF_TIME,
  // A lock is held during the queries of its holder, which are slow.
  also: ['PhaselockLookupSlow', 'PhaselockReplacementSlow', 'PhaselockPoolWaitLong', 'PhaselockLockContention'],
  make: async ({ world }) => {
    for (const { back } of world.pair) back.set(slow);
    return undo(() => {
      for (const { back } of world.pair) back.set(pass);
    });
  },
};

export const CUT_OFF: Fault = {
  name: 'one API is cut off from PostgreSQL while a flag is changed',
  alerts: ['PhaselockFlagDivergence', 'PhaselockFlagsUnread'],
  also: ['PhaselockConnectionFailures'],
  make: async ({ world }) => {
    const { back } = world.small;
    back.set({ kind: 'black-hole' });
    await world.changeFlag();
    return undo(() => {
      back.set(pass);
      back.cutAll();
    });
  },
};
