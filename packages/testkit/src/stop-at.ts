import type { OpenGuardOptions } from '@phaselock/guard';

type Racepoint = NonNullable<OpenGuardOptions['racepoint']>;
type RacepointName = Parameters<Racepoint>[0];

export type StopAt = {
  readonly racepoint: Racepoint;
  /** Holds whoever comes to this place next, once. */
  arm(name: RacepointName): { readonly reached: Promise<void>; goOn(): void };
};

/** Holds an operation between two of its steps, so that an interleaving happens for certain instead of now and then. */
export function stopAt(): StopAt {
  const armed = new Map<RacepointName, { reached: () => void; released: Promise<void> }>();
  return {
    async racepoint(name) {
      const stop = armed.get(name);
      if (stop === undefined) return;
      armed.delete(name);
      stop.reached();
      await stop.released;
    },
    arm(name) {
      const reached = Promise.withResolvers<void>();
      const released = Promise.withResolvers<void>();
      armed.set(name, { reached: reached.resolve, released: released.promise });
      return { reached: reached.promise, goOn: released.resolve };
    },
  };
}
