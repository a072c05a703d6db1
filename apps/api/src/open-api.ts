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
  /** Stops taking requests and lets those in flight finish; true when none was cut. */
  drain(): Promise<boolean>;
  /** The same for one of several processes while the others serve on. */
  leave(): Promise<boolean>;
  /** The port for metrics of this process, if several processes share the port of the API. */
  readonly metricsPort: number | undefined;
};

/** Settings of one of several processes that serve the same port. */
export type AmongOthers = {
  readonly together: Together;
  /** The port for metrics of this process; 0 selects a free one. */
  readonly metricsPort: number;
  /** Where to scrape instead, for the error that `/metrics` returns on the shared port. */
  readonly metricsAt: string;
};

export type OpenApiParts = {
  readonly config: Config;
  readonly databaseUrl: string;
  /** The state of the embedded server, if this process runs one. */
  readonly serverState?: () => ServerState;
  readonly telemetry: Telemetry;
  readonly logger: Logger;
  readonly scope: RequestScope;
  /** Set if there is a trace collector. */
  readonly spans?: SpanExport | undefined;
  /** Set if other processes of the program share the port. */
  readonly among?: AmongOthers | undefined;
  /** How often the credentials behind long-running responses are checked; shorter in tests. */
  readonly recheckMs?: number;
  /** How long a client may read nothing of an answer before it is cut; shorter in tests. */
  readonly stalledAfterMs?: number;
};

const RATE_WINDOW_MS = 60_000;
const RESERVED_CONNECTIONS = 3;
const STALLED_AFTER_MS = 60_000;

/** Composes the whole service on one database; the only place that does. */
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
  const keysLeft = 'failed to delete expired idempotency keys';
  resources.use(sweepRepeatedly({ sweep: sweepKeys, everyMs: KEYS_EVERY_MS, failure: keysLeft }, logger));
  const leasesLeft = 'failed to mark processes with an expired lease as lost';
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
  // Detached from the deadline of the caller, because all requests with the key share the cached result.
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
  // Other processes serve the port already, so a load balancer must not get `starting` from this one.
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
  // Disposal is last in, first out: requests end before the database is closed.
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

/**
 * Connections for work that must be possible while the pool is full: setting flags and authenticating the callers who
 * set them.
 */
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
