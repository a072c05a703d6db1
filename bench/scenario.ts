import type { Operation, Sample } from './measure.ts';

/** Operations of one client each, or a load that comes from somewhere else and is told how long to last. */
export type Measured = Operation | { readonly run: (clients: number, seconds: number) => Promise<Sample> };

/** One row of the table: what is measured, and the floor it is held against in the same round. */
export type Scenario = {
  readonly name: string;
  readonly clients: number;
  /** How many things one operation does: a bulk of a thousand counts as a thousand. */
  readonly itemsPerOperation?: number;
  readonly ours: Measured;
  readonly floor?: Measured;
  /** A server in a process of its own takes a while until all of its code is compiled. */
  readonly warmUpSeconds?: number;
  /** Before each measurement, unmeasured. */
  readonly settle?: () => Promise<void>;
  /** What was checked before anything was measured; throws when it does not hold. */
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
