import { FLAGS } from '@phaselock/core';
import { POOL_STATES } from './label-values.ts';
import type { MetricSpec } from './metric-specs.ts';

/** These gauges are absent before the flags were read. */
export const FLAG_GAUGES = {
  flagEnabled: {
    name: 'phaselock_flag_enabled',
    help: 'Whether the flag is enabled in this process: 0 when it is off or killed.',
    labels: { flag: FLAGS },
  },
  rolloutPercent: {
    name: 'phaselock_rollout_percent',
    help: 'Share of subjects, in percent, that the flag applies to when it is enabled, as last read by this process.',
    labels: { flag: FLAGS },
  },
  flagVersion: {
    name: 'phaselock_flag_version',
    help: 'Version of the flag that this process uses.',
    labels: { flag: FLAGS },
  },
  flagReadAge: {
    name: 'phaselock_flag_read_age_seconds',
    help: 'Time since this process last read the flags. Absent before the first read.',
    labels: {},
  },
} as const satisfies Record<string, MetricSpec>;

export const GAUGES = {
  ready: {
    name: 'phaselock_ready',
    help: 'Whether requests should be sent to this process, as reported by /readyz: 0 while it drains or has no writable database.',
    labels: {},
  },
  requestsInFlight: {
    name: 'phaselock_http_requests_in_flight',
    help: 'Requests that were received and not answered yet, including change streams.',
    labels: {},
  },
  streams: {
    name: 'phaselock_http_streams',
    help: 'Open change streams.',
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
    help: 'Maximum number of database connections.',
    labels: {},
  },
} as const satisfies Record<string, MetricSpec>;

/** Gauges of the program and of the whole database. They are absent while their value is unknown. */
export const KNOWN_GAUGES = {
  buildInfo: {
    name: 'phaselock_build_info',
    help: 'Always 1. The labels are the release, its commit, and a random id that the process generates at its start.',
  },
  cpuLimit: {
    name: 'phaselock_cpu_limit_cores',
    help: 'Processors this process may use: the quota of its control group, at most all cores. Divided by the number of processes when several form one program.',
  },
  memoryLimit: {
    name: 'phaselock_memory_limit_bytes',
    help: 'Memory this process may use: the limit of its control group, at most that of the machine. Divided by the number of processes when several form one program.',
  },
  busHealthy: {
    name: 'phaselock_invalidation_bus_healthy',
    help: 'Whether cache invalidations arrive, judged by the messages this process sends to itself: 0 when they do not, and cached snapshots are not used.',
  },
  legacyDuplicates: {
    name: 'phaselock_legacy_duplicates',
    help: 'Unguarded live sessions that share their slot with a newer or a guarded live session. Counted up to 10000. Absent while the count is unknown.',
  },
  auditLastRun: {
    name: 'phaselock_audit_last_run_timestamp_seconds',
    help: 'When the last recorded audit of the whole database ended. Absent before the first one.',
  },
  auditFindings: {
    name: 'phaselock_audit_findings',
    help: 'Findings of the last recorded audit of the whole database, by severity. Absent before the first one.',
  },
  incrementalAuditLastRun: {
    name: 'phaselock_audit_incremental_last_run_timestamp_seconds',
    help: 'When the last recorded audit with --since-seal or --since ended. Absent before the first one.',
  },
  incrementalAuditFindings: {
    name: 'phaselock_audit_incremental_findings',
    help: 'Findings of the last recorded audit with --since-seal or --since, by severity. Absent before the first one.',
  },
} as const;
