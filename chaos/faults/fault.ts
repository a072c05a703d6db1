import type { Random } from '../random.ts';
import type { World } from '../world/world.ts';

export type FaultContext = {
  readonly world: World;
  readonly random: Random;
  readonly leaseMs: number;
  /** Waits a random time between the bounds while the fault is active. */
  hold(fromMs: number, toMs: number): Promise<void>;
};

/** The result of a fault: when recovery became possible, and which API processes were affected. */
export type Struck = { readonly since: number; readonly apis: readonly number[]; readonly count?: number };

export type Fault = {
  readonly name: string;
  /**
   * Whether responses may be late regardless of the service, because the fault affects their network path or the
   * machine.
   */
  readonly slowsAnswers: boolean;
  /** Why this machine cannot inject the fault; undefined if it can. */
  unavailable?(world: World): string | undefined;
  /** Injects the fault, then repairs it. */
  strike(context: FaultContext): Promise<Struck>;
};
