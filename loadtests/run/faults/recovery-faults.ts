import { setTimeout as pause } from 'node:timers/promises';
import type { ApiProcess } from '../../../chaos/world/api-process.ts';
import type { ProxyMode } from '../../../chaos/world/tcp-proxy.ts';
import { killApi } from '../product/end-api.ts';
import type { OwnProduct } from '../product/product.ts';
import { processesOf, signalAll } from '../product/signal-tree.ts';

/**
 * A fault in one part of the product. `strike` injects it, calls `hold`, repairs it and resolves; for a killed program
 * it resolves when the restart is requested.
 */
export type RecoveryFault = {
  readonly name: string;
  readonly strike: (hold: () => Promise<void>) => Promise<Mending>;
};

/** The restart of a killed program after a fault. It is not part of the fault, but the next fault waits for it. */
type Mending = { readonly well: Promise<void> };

const WELL: Mending = { well: Promise.resolve() };
const CUT_EVERY_MS = 250;
const SLOWED_BY_MS = 60;

/** The faults that can be injected into this product, in the order of injection. */
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

/** Waits for the duration of a fault, or until the run ends. */
export const holdFor =
  (ms: number, ended: AbortSignal): (() => Promise<void>) =>
  () =>
    pause(ms, undefined, { signal: ended }).catch(() => undefined);
