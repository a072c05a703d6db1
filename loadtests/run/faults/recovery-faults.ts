import { setTimeout as pause } from 'node:timers/promises';
import type { ApiProcess } from '../../../chaos/world/api-process.ts';
import type { ProxyMode } from '../../../chaos/world/tcp-proxy.ts';
import { killApi } from '../product/end-api.ts';
import type { OwnProduct } from '../product/product.ts';
import { processesOf, signalAll } from '../product/signal-tree.ts';

/** Breaks a part of the product, keeps it broken, and mends it. Comes back when it is mended: for a program, when it is told to start. */
export type RecoveryFault = {
  readonly name: string;
  readonly strike: (hold: () => Promise<void>) => Promise<Mending>;
};

/** What still happens after a fault is over: a program that starts is no part of the fault, and the next one waits for it. */
type Mending = { readonly well: Promise<void> };

const WELL: Mending = { well: Promise.resolve() };
const CUT_EVERY_MS = 250;
const SLOWED_BY_MS = 60;

/** Those that can be made on this product, in the order in which they are made. */
export function recoveryFaults({ postgres, redis, apis, backs }: OwnProduct): readonly RecoveryFault[] {
  const [killed, frozen] = [apis.at(0), apis.at(-1)];
  const during = (name: string, mode: ProxyMode): RecoveryFault => ({
    name,
    strike: async (hold) => {
      for (const back of backs) back.set(mode);
      await hold();
      for (const back of backs) back.set({ kind: 'pass' });
      return WELL;
    },
  });
  return [
    {
      name: 'PostgreSQL killed with -9',
      strike: async (hold) => {
        await postgres.kill();
        await hold();
        return { well: postgres.start() };
      },
    },
    {
      name: 'connections to PostgreSQL cut again and again',
      strike: async (hold) => {
        const cutting = setInterval(() => {
          for (const back of backs) back.cutAll();
        }, CUT_EVERY_MS);
        await hold().finally(() => clearInterval(cutting));
        return WELL;
      },
    },
    during(`connections to PostgreSQL slowed by ${SLOWED_BY_MS} ms each way`, { kind: 'delay', ms: SLOWED_BY_MS }),
    during('connections to PostgreSQL in a black hole', { kind: 'black-hole' }),
    ...(redis === undefined
      ? []
      : [
          {
            name: 'Redis killed with -9',
            strike: async (hold: () => Promise<void>) => {
              await redis.end();
              await hold();
              return { well: redis.start() };
            },
          },
        ]),
    ...(killed === undefined ? [] : [killOf(killed)]),
    ...(frozen === undefined ? [] : [freezeOf(frozen)]),
  ];
}

const killOf = (api: ApiProcess): RecoveryFault => ({
  name: 'an API killed with -9',
  strike: async (hold) => {
    await killApi(api);
    await hold();
    return { well: api.start() };
  },
});

const freezeOf = (api: ApiProcess): RecoveryFault => ({
  name: 'an API frozen',
  strike: async (hold) => {
    const all = processesOf(api.pid());
    signalAll(all, 'SIGSTOP');
    await hold().finally(() => signalAll(all, 'SIGCONT'));
    return WELL;
  },
});

/** The time a fault is kept up, cut short when the run ends. */
export const holdFor =
  (ms: number, ended: AbortSignal): (() => Promise<void>) =>
  () =>
    pause(ms, undefined, { signal: ended }).catch(() => undefined);
