import type { Operation, Sample } from './measure.ts';

/** Either an operation that each client repeats, or a load generator that runs for a given time. */
export type Measured = Operation | { readonly run: (clients: number, seconds: number) => Promise<Sample> };

/**
 * One row of the table: `ours` is the measured operation, `floor` the least work it is compared with in the same round.
 */
export type Scenario = {
  readonly name: string;
  readonly clients: number;
  /** Items per operation: a bulk of a thousand counts as a thousand. */
  readonly itemsPerOperation?: number;
  readonly ours: Measured;
  readonly floor?: Measured;
  /** A server in another process needs longer until all of its code is compiled. */
  readonly warmUpSeconds?: number;
  /** Runs before each measurement and is not part of it. */
  readonly settle?: () => Promise<void>;
  /**
   * Checks a precondition once before the measurements and returns a note for the table; throws if it does not hold.
   */
  readonly check?: () => Promise<string>;
};

export type Row = {
  readonly name: string;
  readonly clients: number;
  readonly ops_per_s: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
  readonly floor: number | null;
  readonly ratio: number | null;
};
