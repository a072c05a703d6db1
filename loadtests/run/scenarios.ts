/** The needs of a scenario besides its users, who are defined in the k6 script of the same name. */
export type ScenarioNeeds = {
  /** Faults are injected during the load, so the run starts the product itself, with proxies in front of PostgreSQL. */
  readonly faults: boolean;
  /** Alternates periods with and without the purge worker, whose latencies the report compares. */
  readonly purge: boolean;
  /** Seeds projects, tasks and sessions before the load, which its users then work on. */
  readonly board: boolean;
  /** The default number of API processes that the run starts. */
  readonly apis: number;
  /** Change streams to follow: the number of projects, and of streams for each. */
  readonly followed: { readonly projects: number; readonly streamsOfEach: number };
  /** How long a runner may go without a heartbeat (`PHASELOCK_LEASE_MS`). */
  readonly leaseMs: number;
};

const LEASE_MS = 30_000;
/** The needs of a scenario that has only users. */
const USERS_ALONE: ScenarioNeeds = {
  faults: false,
  purge: false,
  board: false,
  apis: 1,
  followed: { projects: 2, streamsOfEach: 1 },
  leaseMs: LEASE_MS,
};

export const SCENARIOS = {
  smoke: { ...USERS_ALONE, leaseMs: 5_000 },
  'users-100': USERS_ALONE,
  'users-500': USERS_ALONE,
  'peak-1000': USERS_ALONE,
  // One stream only, because the check after the run compares every change that it received in an hour.
  soak: { ...USERS_ALONE, followed: { projects: 1, streamsOfEach: 1 } },
  recovery: { ...USERS_ALONE, faults: true, apis: 2 },
  'purge-impact': { ...USERS_ALONE, purge: true },
  'data-size': { ...USERS_ALONE, board: true },
  contention: USERS_ALONE,
  runners: { ...USERS_ALONE, followed: { projects: 4, streamsOfEach: 25 } },
} as const satisfies Readonly<Record<string, ScenarioNeeds>>;

export type ScenarioName = keyof typeof SCENARIOS;

export const isScenario = (name: string): name is ScenarioName => Object.hasOwn(SCENARIOS, name);

/** Whether the scenario must start the product itself, in order to break or seed it. */
export const startsItsOwn = ({ faults, purge, board }: ScenarioNeeds): boolean => faults || purge || board;
