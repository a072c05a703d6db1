import type { Config } from '../config/read-config.ts';

/** Beside the pool: readiness, invalidations, flags, and what is opened while flags are set. */
const BESIDE_THE_POOL = 7;

/** How many connections to PostgreSQL all processes of the program may have open at the same time. */
export const connectionsOf = ({ workers, poolSize }: Pick<Config, 'workers' | 'poolSize'>): number =>
  workers * (poolSize + BESIDE_THE_POOL);
