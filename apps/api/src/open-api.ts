import { isLoopbackHost } from '@phaselock/access';
import { archiveAddress, openObjectStore } from '@phaselock/archive';
import { type CallerTime, createCallerTime, openGuard } from '@phaselock/guard';
import { openFlags } from '@phaselock/rollout';
import {
  type Database,
  findApiKey,
  openDatabase,
  readChanges,
  readChangesOf,
  readChangeTail,
  type ServerState,
  sweepIdempotencyKeys,
} from '@phaselock/store';
import type { Logger, SpanExport, Telemetry } from '@phaselock/telemetry';
import { openAccess } from './access/open-access.ts';
import { createChangeFeed } from './changes/change-feed.ts';
import { changeStreams } from './changes/change-streams.ts';
import type { Config } from './config/read-config.ts';
import { adminHandlers } from './handlers/admin-handlers.ts';
import { announcementHandlers } from './handlers/announcement-handlers.ts';
import type { ApiContext } from './handlers/api-context.ts';
import { archiveHandlers } from './handlers/archive-handlers.ts';
import { boardHandlers } from './handlers/board-handlers.ts';
import { numbersElsewhere } from './handlers/numbers-elsewhere.ts';
import { serviceHandlers } from './handlers/service-handlers.ts';
import { sessionHandlers } from './handlers/session-handlers.ts';
import { startHandlers } from './handlers/start-handlers.ts';
import { turnHandlers } from './handlers/turn-handlers.ts';
import { countInFlight } from './intake/in-flight.ts';
import { longAnswers } from './intake/long-answers.ts';
import { createRateLimiter } from './intake/rate-limit.ts';
import { createLoadShedder, watchEventLoopDelay } from './intake/shed-load.ts';
import { unreadAnswers } from './intake/unread-answers.ts';
import { cutStalled } from './life/cut-stalled.ts';
import { drain, leave, type Together } from './life/drain.ts';
import { listen } from './life/listen.ts';
import { listenForNumbers } from './life/listen-for-numbers.ts';
import { watchReadiness } from './life/readiness.ts';
import { KEYS_EVERY_MS, leasesEveryMs, sweepRepeatedly } from './life/sweep-repeatedly.ts';
import { watchData } from './life/watch-data.ts';
import { servePages } from './pages/serve-pages.ts';
import { buildApp } from './server/build-app.ts';
import type { RequestScope } from './server/request-scope.ts';
import type { Intake } from './server/serve-route.ts';
import { writeTaken } from './server/write-taken.ts';
import { loadFlagProvider } from './start/load-flag-provider.ts';

export type OpenApi = AsyncDisposable & {
  readonly url: string;
  readonly guard: ApiContext['guard'];
  /** Stops taking requests and lets those in flight finish; true when none had to be cut. */
  drain(): Promise<boolean>;
  /** The same for one of several processes, whose others serve on. */
  leave(): Promise<boolean>;
  /** Where the numbers of one of several processes are. */
  readonly metricsPort: number | undefined;
};

/** One of several processes that answer at the same port. */
export type AmongOthers = {
  readonly together: Together;
  /** Of its own; 0 takes a free one. */
  readonly metricsPort: number;
  /** What those are told who ask for numbers at the port they share. */
  readonly metricsAt: string;
};

export type OpenApiParts = {
  readonly config: Config;
  readonly databaseUrl: string;
  /** Of the embedded server, where this process looks after one. */
  readonly serverState?: () => ServerState;
  readonly telemetry: Telemetry;
  readonly logger: Logger;
  readonly scope: RequestScope;
  /** Where there is a collector of traces. */
  readonly spans?: SpanExport | undefined;
  /** Where the port is shared with other processes of the program. */
  readonly among?: AmongOthers | undefined;
  /** How often the rights behind long answers are looked at; tests do not want to wait for it. */
  readonly recheckMs?: number;
  /** How long a client may take nothing of an answer; tests do not want to wait for it. */
  readonly stalledAfterMs?: number;
};

const RATE_WINDOW_MS = 60_000;
const RESERVED_CONNECTIONS = 3;
const STALLED_AFTER_MS = 60_000;

/** The whole service on one database: composed here, and nowhere else. */
export async function openApi({
  config,
  databaseUrl,
  serverState,
  telemetry,
  logger,
  scope,
  spans,
  among,
  recheckMs,
  stalledAfterMs = STALLED_AFTER_MS,
}: OpenApiParts): Promise<OpenApi> {
  await using resources = new AsyncDisposableStack();
  const now = (): number => performance.now();
  const time = createCallerTime();
  const reserve = resources.use(openReserve({ config, databaseUrl, time }, RESERVED_CONNECTIONS));
  const forKills = resources.use(openReserve({ config, databaseUrl, time }, 1));
  const flags = resources.use(
    await openFlags({
      databaseUrl,
      reserve,
      forKills,
      telemetry,
      logger,
      provider: await loadFlagProvider(config.flagProvider),
    }),
  );
  const guard = resources.use(
    await openGuard({
      ...guardOptions({ config, databaseUrl, serverState, telemetry, logger }),
      flags: flags.locks,
      time,
    }),
  );
  const readiness = resources.use(
    watchReadiness({
      databaseUrl,
      startupSettings: config.poolStartupSettings,
      serverState,
      awaitsSchema: !config.migrate,
    }),
  );
  const feed = resources.use(
    createChangeFeed({
      tail: () => readChangeTail(guard.database),
      after: (place, limit) => readChanges(guard.database, place, limit),
      of: (filter, place, limit) => readChangesOf(guard.database, filter, place, limit),
    }),
  );
  const sweepKeys = () => sweepIdempotencyKeys(guard.database);
  const keysLeft = 'idempotency keys were not swept';
  resources.use(sweepRepeatedly({ sweep: sweepKeys, everyMs: KEYS_EVERY_MS, failure: keysLeft }, logger));
  const leasesLeft = 'lapsed leases were not swept';
  const everyMs = leasesEveryMs(config.leaseMs);
  resources.use(sweepRepeatedly({ sweep: () => guard.sweepLapsed(), everyMs, failure: leasesLeft }, logger));
  resources.use(watchData({ kysely: guard.database.kysely, telemetry: telemetry.data, logger }));
  const { refused, cut } = telemetry.http;
  const places = longAnswers(
    {
      changes: { total: config.maxStreams, perCaller: config.maxStreamsPerCaller },
      download: { total: config.maxDownloads, perCaller: config.maxDownloadsPerCaller },
    },
    refused,
  );
  const changes = changeStreams(feed, { places, cut });
  const write = writeTaken({ stalledAfterMs, cut: () => cut('download') });
  // In the name of nobody: what is found is remembered for all who come with the key.
  const findUrgently = (prefix: string) => time.detached(() => guard.answerInTime(() => findApiKey(reserve, prefix)));
  const { authenticate, authenticateUrgent, authenticateScraper, keys } = resources.use(
    openAccess({ config, guard, findUrgently, now, recheckMs }),
  );
  const delay = resources.use(watchEventLoopDelay());
  const intake: Intake = {
    authenticate,
    authenticateUrgent,
    authenticateScraper,
    guard,
    shedder: createLoadShedder({
      poolWaiting: () => guard.database.pool.stats().waiting,
      maxPoolWaiting: config.maxPoolWaiting,
      eventLoopDelayMs: () => delay.recentMs(),
      maxEventLoopDelayMs: config.maxEventLoopDelayMs,
    }),
    limiter:
      config.rateLimit === 0
        ? undefined
        : createRateLimiter({ limit: config.rateLimit, windowMs: RATE_WINDOW_MS, now }),
    rateWindowMs: RATE_WINDOW_MS,
    inFlight: countInFlight(),
    unread: unreadAnswers(),
    telemetry,
    scope,
  };
  const archive = resources.use(await openObjectStore(archiveAddress(config)));
  const context: ApiContext = { guard, flags, changes, places, write, readiness, scope, keys, archive };
  const handlers = {
    ...startHandlers(context),
    ...sessionHandlers(context),
    ...turnHandlers(context),
    ...archiveHandlers(context),
    ...boardHandlers(context),
    ...announcementHandlers(context),
    ...adminHandlers(context),
    ...serviceHandlers(context),
  };
  const appWith = (served: typeof handlers) =>
    buildApp({
      intake,
      handlers: served,
      pages: servePages(),
      logger,
      now,
      openMetrics: isLoopbackHost(config.host),
      onlyThisMachine: config.auth === 'off',
      spans,
    });
  const numbers =
    among && resources.use(await listenForNumbers(appWith(handlers), { host: config.host, port: among.metricsPort }));
  const app = appWith(among === undefined ? handlers : { ...handlers, ...numbersElsewhere(among.metricsAt) });
  // Where others answer already, a balancer must not hear of the start of this one.
  if (among !== undefined) await readiness.known;
  const { server, url, answers } = await listen(app, config);
  cutStalled({ server, answers, afterMs: 2 * stalledAfterMs });
  resources.defer(
    telemetry.http.observe(() => ({
      ready: readiness.whyNot() === null ? 1 : 0,
      inFlight: answers.inFlight(),
      streams: places.open('changes'),
      downloads: places.open('download'),
    })),
  );

  const { drainDelayMs: delayMs, drainTimeoutMs: timeoutMs } = config;
  const leaving = { server, answers, endStreams: () => changes.endAll(), timeoutMs };
  let ended: Promise<boolean> | undefined;
  const drainOnce = (): Promise<boolean> => {
    ended ??= drain({ ...leaving, readiness, delayMs, together: among?.together });
    return ended;
  };
  const leaveOnce = (): Promise<boolean> => {
    ended ??= leave(leaving);
    return ended;
  };
  const owned = resources.move();
  // Last in, first out: nobody is served any more when the database goes.
  owned.defer(async () => void (await drainOnce()));
  return {
    url,
    guard,
    drain: drainOnce,
    leave: leaveOnce,
    metricsPort: numbers?.port,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

type ReserveParts = Pick<OpenApiParts, 'config' | 'databaseUrl'> & { readonly time: CallerTime };

/** For what must be possible while the pool is full: to set flags, and to know who sets them. */
const openReserve = ({ config, databaseUrl, time }: ReserveParts, maxSize: number): Database =>
  openDatabase({
    url: databaseUrl,
    maxSize,
    connectionTimeoutMs: config.poolConnectionTimeoutMs,
    statementTimeoutMs: config.statementTimeoutMs,
    startupSettings: config.poolStartupSettings,
    applicationName: 'phaselock-api-reserve',
    whoWaits: () => time.current(),
  });

type GuardParts = Pick<OpenApiParts, 'config' | 'databaseUrl' | 'telemetry' | 'logger'> & {
  readonly serverState: OpenApiParts['serverState'] | undefined;
};

const guardOptions = ({ config, databaseUrl, serverState, telemetry, logger }: GuardParts) => ({
  databaseUrl,
  telemetry,
  logger,
  maxSize: config.poolSize,
  connectionTimeoutMs: config.poolConnectionTimeoutMs,
  idleTimeoutMs: config.poolIdleTimeoutMs,
  statementTimeoutMs: config.statementTimeoutMs,
  startupSettings: config.poolStartupSettings,
  applicationName: 'phaselock-api',
  settings: { deadlineMs: config.deadlineMs, leaseMs: config.leaseMs },
  ...(serverState !== undefined && { serverState }),
  ...(config.redisUrl !== undefined && { redisUrl: config.redisUrl }),
});
