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

const where = 'Where things are';
const what = 'What is archived, purged and removed';
const how = 'How it is done';
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
        'Address on which `run` serves `/metrics` and `/healthz`. Anywhere but on loopback `/metrics` takes a key of all projects with the scope `metrics:read`',
    },
    '127.0.0.1',
  ),
  metricsPort: integer(
    {
      variable: 'PHASELOCK_PURGE_METRICS_PORT',
      group: where,
      meaning: 'The port; 0 for nowhere',
    },
    { fallback: 4702, min: 0, max: 65_535 },
  ),

  archiveAfterHours: integer(
    {
      variable: 'PHASELOCK_ARCHIVE_AFTER_HOURS',
      group: what,
      meaning: 'How long after its deletion a session is archived',
    },
    { fallback: 24, min: 0, max: HOURS_A_DECADE },
  ),
  purgeAfterHours: integer(
    {
      variable: 'PHASELOCK_PURGE_AFTER_HOURS',
      group: what,
      meaning: 'How long after its deletion an archived session leaves the database',
    },
    { fallback: HOURS_A_MONTH, min: 0, max: HOURS_A_DECADE },
  ),
  retentionDays: integer(
    {
      variable: 'PHASELOCK_ARCHIVE_RETENTION_DAYS',
      group: what,
      meaning: 'How long an archive is kept, from when it was made',
    },
    { fallback: 365, min: 1, max: 36_500 },
  ),
  orphansAfterDays: integer(
    {
      variable: 'PHASELOCK_PURGE_ORPHANS_AFTER_DAYS',
      group: what,
      meaning:
        'After how many days without a change a session that never had a process, or the record of a standalone execution, is deleted softly; 0 for never',
    },
    { fallback: 30, min: 0, max: 36_500 },
  ),

  schedule: plainText(
    { variable: 'PHASELOCK_PURGE_SCHEDULE', group: how, meaning: 'When a run begins, as cron says it, in UTC' },
    '0 3 * * *',
  ),
  batch: integer(
    { variable: 'PHASELOCK_PURGE_BATCH', group: how, meaning: 'Sessions a worker claims at a time' },
    { fallback: 1_000, min: 1, max: 1_000 },
  ),
  lanes: integer(
    {
      variable: 'PHASELOCK_PURGE_WORKERS',
      group: how,
      meaning: 'Workers of a run, on however many machines; each machine takes as many as it gets',
    },
    { fallback: 2, min: 1, max: 16 },
  ),
  writes: integer(
    {
      variable: 'PHASELOCK_PURGE_WRITES',
      group: how,
      meaning:
        'Objects a worker writes, or reads before a purge, at a time. More are faster; on the disk of the database they are felt by whoever waits for it',
    },
    { fallback: 2, min: 1, max: 64 },
  ),
  sessionsPerSecond: integer(
    {
      variable: 'PHASELOCK_PURGE_SESSIONS_PER_SECOND',
      group: how,
      meaning:
        'What each worker archives, and then purges, in a second at the most; less while the database makes it wait for a connection. 0 for as many as it can',
    },
    { fallback: 10, min: 0, max: 1_000_000 },
  ),
  megabytesPerSecond: integer(
    {
      variable: 'PHASELOCK_PURGE_MB_PER_SECOND',
      group: how,
      meaning: 'The same for what it writes to the store, and reads there before a purge, compressed',
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
      'PHASELOCK_PURGE_AFTER_HOURS is less than PHASELOCK_ARCHIVE_AFTER_HOURS: what is not archived is not purged',
    );
  if (!/^\S+(?:\s+\S+){4}$/.test(schedule.trim()))
    found.push('PHASELOCK_PURGE_SCHEDULE must have the five fields of cron');
  return found;
}
