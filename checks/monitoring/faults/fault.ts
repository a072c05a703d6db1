import type { AlertId } from './alerting/watch-alerts.ts';
import type { Cycles } from './world/cycles.ts';
import type { World } from './world/open-world.ts';
import type { Targets } from './world/targets.ts';

export type Surroundings = {
  readonly world: World;
  readonly targets: Targets;
  readonly cycles: Cycles;
  /** Whether a listener was told of it, and not yet that it is over. */
  readonly isTold: (id: AlertId) => boolean;
  /** The number a query has at this moment, if it has one. */
  readonly ask: (query: string) => Promise<number | undefined>;
  /** Until the condition holds, however long it takes; rejects when the whole run has taken too long. */
  readonly until: (condition: () => boolean | Promise<boolean>) => Promise<void>;
};

/** Something that really goes wrong. What it answers puts it right again. */
export type Fault = {
  readonly name: string;
  /** What has to fire because of it. */
  readonly alerts: readonly AlertId[];
  /** What may fire because of it as well: it hurts more than what it is made for. */
  readonly also?: readonly AlertId[];
  readonly make: (around: Surroundings) => Promise<AsyncDisposable>;
  /** Why it cannot be made here, if it cannot. */
  readonly unavailable?: () => string | undefined;
};

const WINDOWS = ['1h', '6h', '1d', '3d'] as const;

/** The alert of every window of a budget. */
export const inEachWindow = (name: string): readonly AlertId[] => WINDOWS.map((window) => `${name} ${window}`);

export const undo = (again: () => Promise<void> | void): AsyncDisposable => ({
  [Symbol.asyncDispose]: async () => await again(),
});
