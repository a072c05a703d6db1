import { type Fault, inEachWindow, undo } from '../fault.ts';

/** Each way: a round trip takes longer than a replacement may. */
const LATENCY_MS = 280;

export const SLOW_NETWORK: Fault = {
  name: 'the network between the API and PostgreSQL is slow',
  alerts: [
    'PhaselockLookupSlow',
    ...inEachWindow('PhaselockLookupBudgetBurn'),
    'PhaselockReplacementSlow',
    ...inEachWindow('PhaselockReplacementTimeBudgetBurn'),
  ],
  make: async ({ world }) => {
    for (const { back } of world.pair) back.set({ kind: 'delay', ms: LATENCY_MS });
    return undo(() => {
      for (const { back } of world.pair) back.set({ kind: 'pass' });
    });
  },
};

/** A flag is changed while one of the processes cannot hear of it. */
export const CUT_OFF: Fault = {
  name: 'one API is cut off from PostgreSQL while a flag is changed',
  alerts: ['PhaselockFlagDivergence', 'PhaselockFlagsUnread'],
  make: async ({ world }) => {
    world.small.back.set({ kind: 'black-hole' });
    await world.changeFlag();
    return undo(() => {
      world.small.back.set({ kind: 'pass' });
      world.small.back.cutAll();
    });
  },
};
