/** The facts of a run: its target, settings and times. Stored as `run.json` in its folder. */
export type RunFacts = {
  readonly scenario: string;
  readonly startedAt: string;
  readonly endedAt: string;
  readonly product: 'self' | 'address';
  readonly urls: readonly string[];
  readonly apis: number;
  readonly workersPerApi: number;
  readonly machine: { readonly cores: number; readonly memoryBytes: number; readonly cpuModel: string };
  readonly revision: string | null;
  readonly versions: Readonly<Record<'node' | 'k6' | 'postgresql', string>>;
  readonly users: number;
  readonly durationSeconds: number;
  /** Sessions in the database before the load; null if they cannot be counted. */
  readonly sessionsBefore: number | null;
  /** The value of LOAD_THINK_S; null if the scenario's default applied. */
  readonly thinkSeconds?: number | null;
  readonly k6Exit: number;
  /** API processes and workers that ended unexpectedly. */
  readonly crashes: readonly string[];
};
