import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import {
  type ArchiveContext,
  archiveAddress,
  createPace,
  type DistrustedObject,
  knownStore,
  type ObjectStore,
  openObjectStore,
  removeAbandoned,
} from '@phaselock/archive';
import { prepareDatabase, reportServer } from '@phaselock/guard';
import { type Database, openDatabase, readArchiveStanding, startEmbeddedPostgres } from '@phaselock/store';
import { type ArchiveTelemetry, createArchiveTelemetry, readBuild, silentLogger } from '@phaselock/telemetry';
import type { Config } from './settings.ts';
import { shareStanding } from './share-standing.ts';

export type Worker = AsyncDisposable & {
  readonly config: Config;
  readonly databaseUrl: string;
  readonly database: Database;
  readonly telemetry: ArchiveTelemetry;
  readonly name: string;
  readonly store: ObjectStore;
  /**
   * Creates the context for one lane (one of the parallel jobs of a run); each lane has its own rate limit.
   * `distrusted` is called for each object found missing or damaged.
   */
  lane(distrusted: (found: DistrustedObject) => void): ArchiveContext;
  /** Checks that the store is usable and is the known one; marks it on first use. Returns warnings. */
  checkStore(): Promise<readonly string[]>;
};

const ROOT = resolve(import.meta.dirname, '../../..');
const SECONDS_AN_HOUR = 3_600;
const LEASE_SECONDS = 120;
/** Long time-outs, because the log of one session may have millions of lines. */
const PATIENT = { statementTimeoutMs: 600_000, transactionTimeoutMs: 600_000 } as const;
const MEGABYTE = 1_048_576;
/** Weight of the newest sample in the moving average of connection waits. */
const FORGETTING = 0.3;

export const ages = ({ archiveAfterHours, purgeAfterHours }: Config) => ({
  archiveAfterSeconds: archiveAfterHours * SECONDS_AN_HOUR,
  purgeAfterSeconds: purgeAfterHours * SECONDS_AN_HOUR,
});

/** Opens the database and the store that the configuration names. */
export async function openWorker(
  config: Config,
  logger = silentLogger(),
  program = readBuild(ROOT, config.revision),
): Promise<Worker> {
  await using resources = new AsyncDisposableStack();
  const observe = reportServer({ logger });
  const databaseUrl =
    config.databaseUrl ?? resources.use(await startEmbeddedPostgres({ dataDir: config.dataDir, observe })).url;
  if (config.migrate) await prepareDatabase(databaseUrl);
  const applicationName = 'phaselock-purge-worker';
  const database = resources.use(
    openDatabase({ url: databaseUrl, maxSize: config.lanes * 2 + 1, applicationName, ...PATIENT }),
  );
  const store = resources.use(await openObjectStore(archiveAddress(config)));
  const scratch = join(config.dataDir, 'scratch');
  await mkdir(scratch, { recursive: true, mode: 0o700 });
  await removeAbandoned(scratch);

  const { archiveAfterSeconds } = ages(config);
  const telemetry = createArchiveTelemetry({
    program,
    standing: shareStanding({
      read: () => readArchiveStanding(database.kysely, archiveAfterSeconds),
      now: () => performance.now(),
    }),
  });
  let poolWaitMs = 0;
  const remember = (seconds: number): void => {
    poolWaitMs += (seconds * 1000 - poolWaitMs) * FORGETTING;
  };
  database.pool.observe({
    connectionFailed: () => telemetry.pool.connectionFailed(),
    waited(seconds) {
      telemetry.pool.waited(seconds);
      remember(seconds);
    },
    waitTimedOut(seconds) {
      telemetry.pool.waitTimedOut(seconds);
      remember(seconds);
    },
  });
  resources.defer(telemetry.pool.observe(() => database.pool.stats()));

  const owned = resources.move();
  return {
    config,
    databaseUrl,
    database,
    telemetry,
    name: `${process.pid}@${process.env.HOSTNAME ?? 'local'}`,
    store,
    async checkStore() {
      await knownStore({ database, store, racepoint: undefined });
      return await store.check();
    },
    lane: (distrusted) => ({
      database,
      store,
      policy: {
        ...ages(config),
        retentionDays: config.retentionDays,
        batchLimit: config.batch,
        leaseSeconds: LEASE_SECONDS,
        writesAtATime: config.writes,
      },
      scratch,
      observe: { ...telemetry, distrusted },
      newToken: () => randomUUID(),
      unixMs: Date.now,
      random: Math.random,
      pace: createPace({
        sessionsPerSecond: config.sessionsPerSecond,
        bytesPerSecond: config.megabytesPerSecond * MEGABYTE,
        poolWaitMs: () => poolWaitMs,
        now: () => performance.now(),
      }),
      racepoint: undefined,
    }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
