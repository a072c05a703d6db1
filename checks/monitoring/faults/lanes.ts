import type { AlertId } from './alerting/watch-alerts.ts';
import type { Fault } from './fault.ts';
import { DISK_FULL, POOL_EXHAUSTED, POSTGRESQL_STOPPED, SLOTS_LOCKED } from './made/of-postgresql.ts';
import { FINDING_PLANTED } from './made/of-the-data.ts';
import { CUT_OFF, SLOW_NETWORK } from './made/of-the-network.ts';
import { API_KILLED, REDIS_AWAY, SHORT_OF_RESOURCES, TARGETS_GONE, WORKER_KILLED } from './made/of-the-processes.ts';
import { ARCHIVE_FULL, PURGE_HUNG } from './made/of-the-purge.ts';

/** Faults that are made one after the other. Those of different lanes do not disturb each other, and are made at the same time. */
export type Lane = readonly Fault[];

/** Told of as long as nothing is wrong. */
export const ALWAYS: readonly AlertId[] = ['PhaselockWatchdog'];

export const AT_ONCE: readonly Lane[] = [
  [SLOW_NETWORK, SLOTS_LOCKED],
  [SHORT_OF_RESOURCES, POOL_EXHAUSTED, CUT_OFF],
  [PURGE_HUNG, ARCHIVE_FULL],
  [FINDING_PLANTED],
  [DISK_FULL],
  [WORKER_KILLED],
  [REDIS_AWAY],
];

/** Without PostgreSQL, one of the API processes or all targets nothing else could be shown: each alone, when the others are over. */
export const ONE_BY_ONE: Lane = [POSTGRESQL_STOPPED, API_KILLED, TARGETS_GONE];

export const FAULTS: readonly Fault[] = [...AT_ONCE.flat(), ...ONE_BY_ONE];
