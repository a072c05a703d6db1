import type { AlertId } from './alerting/watch-alerts.ts';
import type { Cycles } from './world/cycles.ts';
import type { World } from './world/open-world.ts';
import type { Targets } from './world/targets.ts';

/** The running product and the operations that a fault needs. */
export type Surroundings = {
  readonly world: World;
  readonly targets: Targets;
  readonly cycles: Cycles;
  /** Whether a listener has received the alert and not yet its resolve. */
  readonly isTold: (id: AlertId) => boolean;
  /** The value that a query currently returns, if any. */
  readonly ask: (query: string) => Promise<number | undefined>;
  /** Waits until the condition holds. Rejects when the whole run has taken too long. */
  readonly until: (condition: () => boolean | Promise<boolean>) => Promise<void>;
};

/** A real failure of a part of the product. `make` causes it, and disposing of its result undoes it. */
export type Fault = {
  readonly name: string;
  /** Alerts that the fault is made for and that must fire. */
  readonly alerts: readonly AlertId[];
  /** Other alerts that the fault may fire, because it affects other parts as well. */
  readonly also?: readonly AlertId[];
  readonly make: (around: Surroundings) => Promise<AsyncDisposable>;
  /** Returns why the fault cannot be made on this machine, or undefined if it can. */
  readonly unavailable?: () => string | undefined;
};

const WINDOWS = ['1h', '6h', '1d', '3d'] as const;

/** The alert of every window of a budget. */
export const inEachWindow = (name: string): readonly AlertId[] => WINDOWS.map((window) => `${name} ${window}`);

export const undo = (again: () => Promise<void> | void): AsyncDisposable => ({
  [Symbol.asyncDispose]: async () => await again(),
});
