import { parseStoreAddress } from '@phaselock/archive';
import {
  archiveUrl,
  type ConfigOf,
  databaseUrl,
  dataDir,
  type Environment,
  environment,
  integer,
  logLevel,
  migrate,
  plainText,
  readSettings,
  redisUrl,
  revision,
} from '@phaselock/settings';

const where = 'Connections, storage and logging';
const what = 'Archive, purge and retention periods';
const how = 'Schedule and limits';
const HOURS_A_MONTH = 720;
const HOURS_A_DECADE = 87_600;

/** Every environment variable the purge worker reads. */
export const SETTINGS = {
  databaseUrl: databaseUrl(where),
  dataDir: dataDir(where),
  archiveUrl: archiveUrl(where, parseStoreAddress),
  redisUrl: redisUrl(where),
  migrate: migrate(where),
  logLevel: logLevel(where),
  environment: environment(where),
  revision: revision(where),
  metricsHost: plainText(
    {
      variable: 'PHASELOCK_PURGE_METRICS_HOST',
      group: where,
      meaning:
        'Address on which `run` serves `/metrics` and `/healthz`. On other addresses than loopback, `/metrics` requires a key for all projects with the scope `metrics:read`',
    },
    '127.0.0.1',
  ),
  metricsPort: integer(
    {
      variable: 'PHASELOCK_PURGE_METRICS_PORT',
      group: where,
      meaning: 'Port for `/metrics` and `/healthz`; 0 to disable them',
    },
    { fallback: 4702, min: 0, max: 65_535 },
  ),

  archiveAfterHours: integer(
    {
      variable: 'PHASELOCK_ARCHIVE_AFTER_HOURS',
      group: what,
      meaning: 'Hours from the deletion of a session to its archiving',
    },
    { fallback: 24, min: 0, max: HOURS_A_DECADE },
  ),
  purgeAfterHours: integer(
    {
      variable: 'PHASELOCK_PURGE_AFTER_HOURS',
      group: what,
      meaning: 'Hours from the deletion of a session to its purge from the database, if it was archived',
    },
    { fallback: HOURS_A_MONTH, min: 0, max: HOURS_A_DECADE },
  ),
  retentionDays: integer(
    {
      variable: 'PHASELOCK_ARCHIVE_RETENTION_DAYS',
      group: what,
      meaning: 'Days for which an archive is kept after it was created',
    },
    { fallback: 365, min: 1, max: 36_500 },
  ),
  orphansAfterDays: integer(
    {
      variable: 'PHASELOCK_PURGE_ORPHANS_AFTER_DAYS',
      group: what,
      meaning:
        'Days without a change after which a session that never had a process, or the record of a standalone execution, is soft-deleted; 0 for never',
    },
    { fallback: 30, min: 0, max: 36_500 },
  ),

  schedule: plainText(
    { variable: 'PHASELOCK_PURGE_SCHEDULE', group: how, meaning: 'Cron expression for the start of a run, in UTC' },
    '0 3 * * *',
  ),
  batch: integer(
    { variable: 'PHASELOCK_PURGE_BATCH', group: how, meaning: 'Sessions a worker claims at once' },
    { fallback: 1_000, min: 1, max: 1_000 },
  ),
  lanes: integer(
    {
      variable: 'PHASELOCK_PURGE_WORKERS',
      group: how,
      meaning: 'Parallel workers of a run, shared by all machines',
    },
    { fallback: 2, min: 1, max: 16 },
  ),
  writes: integer(
    {
      variable: 'PHASELOCK_PURGE_WRITES',
      group: how,
      meaning:
        'Objects a worker writes, or reads before a purge, at once. A higher number is faster, but slows the database down if the archive is on its disk',
    },
    { fallback: 2, min: 1, max: 64 },
  ),
  sessionsPerSecond: integer(
    {
      variable: 'PHASELOCK_PURGE_SESSIONS_PER_SECOND',
      group: how,
      meaning:
        'Maximum rate at which each worker archives, and then purges, sessions. It is reduced while the worker waits long for a database connection; 0 for no limit',
    },
    { fallback: 10, min: 0, max: 1_000_000 },
  ),
  megabytesPerSecond: integer(
    {
      variable: 'PHASELOCK_PURGE_MB_PER_SECOND',
      group: how,
      meaning:
        'Maximum rate at which each worker writes compressed data to the store, or reads it before a purge; 0 for no limit',
    },
    { fallback: 8, min: 0, max: 100_000 },
  ),
} as const;

export type Config = ConfigOf<typeof SETTINGS>;

export const readConfig = (env: Environment): Config => readSettings(SETTINGS, env, contradictions);

function contradictions({ archiveAfterHours, purgeAfterHours, schedule }: Config): string[] {
  const found: string[] = [];
  if (purgeAfterHours < archiveAfterHours)
    found.push(
      'PHASELOCK_PURGE_AFTER_HOURS is less than PHASELOCK_ARCHIVE_AFTER_HOURS: sessions are archived before the purge',
    );
  if (!/^\S+(?:\s+\S+){4}$/.test(schedule.trim()))
    found.push('PHASELOCK_PURGE_SCHEDULE must be a cron expression with five fields');
  return found;
}
