import { join, resolve } from 'node:path';
import { removeEmbeddedPostgres } from '@phaselock/store';
import {
  eventually,
  freePort,
  redisAvailable,
  runAdminStatement,
  runWell,
  spawnNode,
  startRedis,
  temporaryDirectory,
} from '@phaselock/testkit';
import { adminUrlOn, type RunningApi, startOnData } from '../../../apps/api/test/shared-data.ts';
import type { Scrape } from './known-series.ts';
import { readExposition } from './read-exposition.ts';

const APPS = resolve(import.meta.dirname, '../../../apps');
const WORKER = join(APPS, 'purge-worker/src/main.ts');
const VERIFY = join(APPS, 'verify-cli/src/main.ts');

/** The job names of the scrape configuration. */
export const API_JOB = 'phaselock-api';
export const WORKER_JOB = 'phaselock-purge-worker';

export type Product = AsyncDisposable & {
  /** The start directory, with the data in `.phaselock`, as in an installation without configuration. */
  readonly folder: string;
  readonly apis: readonly [RunningApi, RunningApi];
  readonly workerUrl: string;
  readonly databaseUrl: string;
  readonly archiveUrl: string;
  /** Undefined if Redis is not available. */
  readonly redisUrl: string | undefined;
  /** The metrics that each of its programs exposes. */
  scrape(): Promise<readonly Exposed[]>;
  /** The same during an unfinished purge run, for which some metrics exist only then. */
  scrapeWithRunUnderWay(): Promise<readonly Exposed[]>;
};

export type Exposed = { readonly job: string; readonly text: string };

/**
 * Starts a healthy product: two API processes and a purge worker on one embedded PostgreSQL, after a purge run and
 * two recorded audits, one full and one incremental.
 */
export async function startProduct(): Promise<Product> {
  await using resources = new AsyncDisposableStack();
  const { path: folder } = resources.use(await temporaryDirectory());
  const dataDir = join(folder, '.phaselock');
  // The embedded PostgreSQL outlives processes that are killed.
  resources.defer(async () => void (await removeEmbeddedPostgres(dataDir)));
  const archiveUrl = `folder:${join(folder, 'archive')}`;
  const redis = redisAvailable().kind === 'none' ? undefined : resources.use(await startRedis());
  const env = {
    PHASELOCK_ARCHIVE_URL: archiveUrl,
    // Short, so that leases expire while the product is used.
    PHASELOCK_LEASE_MS: '1000',
    PHASELOCK_DEADLINE_MS: '5000',
    ...(redis && { PHASELOCK_REDIS_URL: redis.url }),
  };
  const one = resources.use(await startOnData(dataDir, env));
  const onData = { ...env, PHASELOCK_DATABASE_URL: undefined, PHASELOCK_DATA_DIR: dataDir };
  // Deleted sessions are due at once, so that there is something to archive.
  const purges = { ...onData, PHASELOCK_ARCHIVE_AFTER_HOURS: '0' };
  await runWell(VERIFY, ['--all', '--record', '--allow-empty'], onData);
  await runWell(VERIFY, ['--all', '--since', '24h', '--record', '--allow-empty'], onData);
  await runWell(WORKER, ['once'], purges);
  // An API reads the last audits when it starts and then once a minute, so the second API starts after them.
  const other = resources.use(await startOnData(dataDir, env));
  const port = await freePort();
  const worker = resources.use(
    spawnNode(WORKER, { args: ['run'], env: { ...purges, PHASELOCK_PURGE_METRICS_PORT: `${port}` } }),
  );
  await worker.waitForLine(/waits for its next scheduled run/);
  const workerUrl = `http://127.0.0.1:${port}`;
  const databaseUrl = (await adminUrlOn(dataDir)).replace(/postgres$/, 'phaselock');
  const scrape = (): Promise<Exposed[]> =>
    Promise.all([
      exposed(API_JOB, one.url),
      exposedWith(API_JOB, other.url, COUNTED_ONCE_A_MINUTE),
      exposed(WORKER_JOB, workerUrl),
    ]);
  const owned = resources.move();
  return {
    ...{ folder, apis: [one, other], workerUrl, archiveUrl, databaseUrl, scrape },
    redisUrl: redis?.url,
    scrapeWithRunUnderWay: async () => {
      await runAdminStatement(
        databaseUrl,
        `insert into archive_runs (id, worker, lanes_left) values (gen_random_uuid(), 'a test', 1)`,
      );
      return [await exposedWith(WORKER_JOB, workerUrl, UNDER_WAY), ...(await scrape())];
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Metrics that a process exposes only some time after its start. */
const COUNTED_ONCE_A_MINUTE = [
  'phaselock_legacy_duplicates',
  'phaselock_audit_last_run_timestamp_seconds',
  'phaselock_audit_incremental_last_run_timestamp_seconds',
  'phaselock_flag_version',
];
const UNDER_WAY = [
  'phaselock_archive_oldest_unfinished_run_start_timestamp_seconds',
  'phaselock_archive_oldest_due_age_seconds',
];

/** The metrics of a program, once it exposes all of these. */
const exposedWith = (job: string, url: string, names: readonly string[]): Promise<Exposed> =>
  eventually(
    async () => {
      const found = await exposed(job, url);
      const missing = names.filter((name) => !found.text.includes(`\n${name}`));
      if (missing.length > 0) throw new Error(`${url} does not expose ${missing.join(', ')}`);
      return found;
    },
    { withinMs: 60_000, everyMs: 200 },
  );

async function exposed(job: string, url: string): Promise<Exposed> {
  const answer = await fetch(`${url}/metrics`, { headers: { Accept: 'text/plain' } });
  if (!answer.ok) throw new Error(`${url}/metrics: ${answer.status}`);
  return { job, text: await answer.text() };
}

export const scrapesOf = (all: readonly Exposed[]): Scrape[] =>
  all.map(({ job, text }) => ({ job, series: readExposition(text) }));
