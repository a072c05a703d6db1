/** What a run was: who was asked, with what, and when. `run.json` of its folder. */
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
  /** Sessions in the database before the load began; null where we cannot count them. */
  readonly sessionsBefore: number | null;
  /** The mean of LOAD_THINK_S where the caller set it; null: the scenario's own. */
  readonly thinkSeconds?: number | null;
  readonly k6Exit: number;
  /** API processes that ended by themselves, one of several of an API included. */
  readonly crashes: readonly string[];
};
