import type { AlertId } from './alerting/watch-alerts.ts';
import type { Fault } from './fault.ts';
import { DISK_FULL, FAILED_OVER, LOG_FULL, POOL_EXHAUSTED, POSTGRESQL_STOPPED } from './made/of-postgresql.ts';
import { FINDING_PLANTED } from './made/of-the-data.ts';
import { ALL_SLOTS_HELD, ONE_SLOT_HELD, SLOTS_FOUGHT_FOR } from './made/of-the-locks.ts';
import { ALL_SLOW, CUT_OFF, ONE_SLOW } from './made/of-the-network.ts';
import {
  ALL_APIS_KILLED,
  API_KILLED,
  APIS_GONE,
  REDIS_AWAY,
  SHORT_OF_RESOURCES,
  WORKER_KILLED,
  WORKERS_GONE,
} from './made/of-the-processes.ts';
import { ARCHIVE_FULL, PURGE_HUNG } from './made/of-the-purge.ts';

/** Faults that are made one after the other. */
export type Lane = readonly Fault[];

/** Alerts that always fire. */
export const ALWAYS: readonly AlertId[] = ['PhaselockWatchdog'];

/** Faults that run beside all others, because they disturb nothing else and take longest. */
export const ASIDE: readonly Lane[] = [[PURGE_HUNG, ARCHIVE_FULL], [FINDING_PLANTED], [WORKER_KILLED], [REDIS_AWAY]];

/**
 * Faults that run beside ASIDE, one phase after the other. The faults of a phase are made at the same time. Faults that
 * fire only tickets come first, so that no ticket is a consequence of a fault that pages.
 */
export const PHASES: readonly Lane[] = [
  [ONE_SLOT_HELD, SHORT_OF_RESOURCES],
  [ONE_SLOW, CUT_OFF],
  [ALL_SLOTS_HELD, DISK_FULL],
  [ALL_SLOW, POOL_EXHAUSTED],
  [SLOTS_FOUGHT_FOR, LOG_FULL],
];

/** These run last: without PostgreSQL, an API process or the targets, no other fault could be observed. */
export const AT_THE_END: Lane = [POSTGRESQL_STOPPED, FAILED_OVER, API_KILLED, ALL_APIS_KILLED, WORKERS_GONE, APIS_GONE];
/** All alerts must be resolved before these faults, because an alert also ends when its series is removed. */
export const WITHOUT_TARGETS: ReadonlySet<Fault> = new Set([WORKERS_GONE, APIS_GONE]);

export const FAULTS: readonly Fault[] = [...ASIDE.flat(), ...PHASES.flat(), ...AT_THE_END];
