/** The default size of each scenario, read by k6 and by the program that starts it. */
export type Size = {
  /** Largest number of concurrent users in the closed arm. */
  readonly users: number;
  readonly seconds: number;
  /** Arrivals per second in the open arm; 0 for none. */
  readonly rate: number;
  /** Mean time between a response and the next request of a user. */
  readonly thinkSeconds: number;
};

const THINK = { thinkSeconds: 3.5 };

export const SIZES = {
  smoke: { users: 4, seconds: 20, rate: 5, thinkSeconds: 0.3 },
  'users-100': { users: 100, seconds: 300, rate: 20, ...THINK },
  'users-500': { users: 500, seconds: 600, rate: 20, ...THINK },
  'peak-1000': { users: 1_000, seconds: 480, rate: 20, ...THINK },
  soak: { users: 500, seconds: 3_600, rate: 20, ...THINK },
  recovery: { users: 100, seconds: 600, rate: 20, ...THINK },
  'purge-impact': { users: 100, seconds: 720, rate: 20, ...THINK },
  'data-size': { users: 100, seconds: 300, rate: 20, ...THINK },
  contention: { users: 60, seconds: 180, rate: 0, thinkSeconds: 1 },
  runners: { users: 1_000, seconds: 300, rate: 0, thinkSeconds: 10 },
  mixed: { users: 10, seconds: 30, rate: 0, thinkSeconds: 0.3 },
} as const satisfies Readonly<Record<string, Size>>;
