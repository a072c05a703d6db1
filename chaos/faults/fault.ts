import type { Random } from '../random.ts';
import type { World } from '../world/world.ts';

export type FaultContext = {
  readonly world: World;
  readonly random: Random;
  readonly leaseMs: number;
  /** The fault goes on for so long; less when the campaign is over. */
  hold(fromMs: number, toMs: number): Promise<void>;
};

/** What a fault left: since when things could be well again, and which API processes it struck. */
export type Struck = { readonly since: number; readonly apis: readonly number[]; readonly count?: number };

export type Fault = {
  readonly name: string;
  /** Whether answers may be late for it whatever the service does: it struck their way, or the machine. */
  readonly slowsAnswers: boolean;
  /** Why it cannot be done on this machine. */
  unavailable?(world: World): string | undefined;
  /** Breaks something and mends it again. */
  strike(context: FaultContext): Promise<Struck>;
};
