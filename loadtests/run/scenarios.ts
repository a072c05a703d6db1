/** What a scenario needs beside its users, who are in the k6 script of the same name. */
export type ScenarioNeeds = {
  /** Faults are made during the load: the product is started here, with proxies in front of PostgreSQL. */
  readonly faults: boolean;
  /** Periods with and without the purge worker. */
  readonly purge: boolean;
  /** Sessions that are there before the load begins. */
  readonly board: boolean;
  readonly apis: number;
  /** Open streams of changes: of how many of the projects that users make, and how many of each. */
  readonly followed: { readonly projects: number; readonly streamsOfEach: number };
  readonly leaseMs: number;
};

const LEASE_MS = 30_000;
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
  // Each change of an hour is held against the proof.
  soak: { ...USERS_ALONE, followed: { projects: 1, streamsOfEach: 1 } },
  recovery: { ...USERS_ALONE, faults: true, apis: 2 },
  'purge-impact': { ...USERS_ALONE, purge: true },
  'data-size': { ...USERS_ALONE, board: true },
  contention: USERS_ALONE,
  runners: { ...USERS_ALONE, followed: { projects: 4, streamsOfEach: 25 } },
} as const satisfies Readonly<Record<string, ScenarioNeeds>>;

export type ScenarioName = keyof typeof SCENARIOS;

export const isScenario = (name: string): name is ScenarioName => Object.hasOwn(SCENARIOS, name);

/** A product that others started can neither be broken nor seeded. */
export const startsItsOwn = ({ faults, purge, board }: ScenarioNeeds): boolean => faults || purge || board;
