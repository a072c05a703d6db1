import type { Config } from '../config/read-config.ts';

/** Connections outside the pool: readiness, invalidations, flags, and one opened while flags are changed. */
const BESIDE_THE_POOL = 7;

/** The maximum number of PostgreSQL connections of all worker processes together. */
export const connectionsOf = ({ workers, poolSize }: Pick<Config, 'workers' | 'poolSize'>): number =>
  workers * (poolSize + BESIDE_THE_POOL);
