import { FLAGS } from '@phaselock/core';
import { POOL_STATES } from './label-values.ts';
import type { MetricSpec } from './metric-specs.ts';

/** There is nothing of them before the flags were read. */
export const FLAG_GAUGES = {
  flagEnabled: {
    name: 'phaselock_flag_enabled',
    help: 'Whether this process takes the flag for enabled: 0 when it is off or killed.',
    labels: { flag: FLAGS },
  },
  rolloutPercent: {
    name: 'phaselock_rollout_percent',
    help: 'Share of its subjects, in percent, that an enabled flag applies to, as this process knows it.',
    labels: { flag: FLAGS },
  },
  flagVersion: {
    name: 'phaselock_flag_version',
    help: 'Version of the flag that this process goes by.',
    labels: { flag: FLAGS },
  },
  flagReadAge: {
    name: 'phaselock_flag_read_age_seconds',
    help: 'Time since this process last read the flags; absent until it has.',
    labels: {},
  },
} as const satisfies Record<string, MetricSpec>;

export const GAUGES = {
  ready: {
    name: 'phaselock_ready',
    help: 'Whether requests should be sent here, as /readyz says: 0 while the process drains, or has no database that takes writes.',
    labels: {},
  },
  requestsInFlight: {
    name: 'phaselock_http_requests_in_flight',
    help: 'Requests that have arrived and are not answered yet, change streams among them.',
    labels: {},
  },
  streams: {
    name: 'phaselock_http_streams',
    help: 'Change streams that are open.',
    labels: {},
  },
  downloads: {
    name: 'phaselock_http_downloads',
    help: 'Exports and archives that are being sent.',
    labels: {},
  },
  poolConnections: {
    name: 'phaselock_pool_connections',
    help: 'Database connections in use and idle, and callers waiting for one.',
    labels: { state: POOL_STATES },
  },
  poolMaxConnections: {
    name: 'phaselock_pool_max_connections',
    help: 'Database connections there may be at the most.',
    labels: {},
  },
} as const satisfies Record<string, MetricSpec>;

/** About a program, or about the whole of the data: they are there when they are known. */
export const KNOWN_GAUGES = {
  buildInfo: {
    name: 'phaselock_build_info',
    help: 'Always 1; which release this is, of which commit, and an id that this process made up at its start.',
  },
  cpuLimit: {
    name: 'phaselock_cpu_limit_cores',
    help: 'Processors this process may use: the quota of its control group, else the cores there are; its part, where several processes are one program.',
  },
  memoryLimit: {
    name: 'phaselock_memory_limit_bytes',
    help: 'Memory this process may have: the bound of its control group, else all of the machine; its part, where several processes are one program.',
  },
  busHealthy: {
    name: 'phaselock_invalidation_bus_healthy',
    help: 'Whether invalidations arrive over the bus this process uses, as far as its own show: 0 when they do not, and snapshots are not used.',
  },
  legacyDuplicates: {
    name: 'phaselock_legacy_duplicates',
    help: 'Live sessions outside the single-session rule that are not alone in their slot: older than another, or beside a guarded one. Counted up to 10000. Absent until they were counted.',
  },
  auditLastRun: {
    name: 'phaselock_audit_last_run_timestamp_seconds',
    help: 'When the last recorded audit of everything ended. Absent before the first one.',
  },
  auditFindings: {
    name: 'phaselock_audit_findings',
    help: 'What it found, by severity. Absent before the first one.',
  },
} as const;
