import type { OpenGuardOptions } from '@phaselock/guard';

type Racepoint = NonNullable<OpenGuardOptions['racepoint']>;
type RacepointName = Parameters<Racepoint>[0];

export type StopAt = {
  readonly racepoint: Racepoint;
  /** Stops the next operation that reaches this racepoint, once. */
  arm(name: RacepointName): { readonly reached: Promise<void>; goOn(): void };
};

/** Stops an operation between two of its steps, so that a test produces a certain interleaving every time. */
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
