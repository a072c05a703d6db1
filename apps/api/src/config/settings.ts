import { parseStoreAddress } from '@phaselock/archive';
import {
  archiveUrl,
  databaseUrl,
  dataDir,
  environment,
  integer,
  list,
  logLevel,
  migrate,
  oneOf,
  onOff,
  optional,
  plainText,
  redisUrl,
  revision,
  url,
} from '@phaselock/settings';
import { tracesEndpoint, tracesHeaders } from './trace-settings.ts';
import { workerCount } from './worker-count.ts';

const DAY_MS = 86_400_000;
const listening = 'Listening';
const data = 'Database and Redis';
const access = 'Access';
const guarding = 'The guard';
const load = 'Load and shutdown';

/** Every environment variable the API reads. docs/configuration.md is generated from these texts. */
export const SETTINGS = {
  host: plainText(
    {
      variable: 'PHASELOCK_HOST',
      group: listening,
      meaning: 'Address to listen on. Any address but loopback needs `PHASELOCK_AUTH=keys`',
    },
    '127.0.0.1',
  ),
  port: integer(
    { variable: 'PHASELOCK_PORT', group: listening, meaning: 'Port to listen on; 0 selects a free port' },
    { fallback: 4700, min: 0, max: 65_535 },
  ),
  workers: workerCount(listening),
  metricsPort: integer(
    {
      variable: 'PHASELOCK_METRICS_PORT',
      group: listening,
      meaning:
        'With several `PHASELOCK_WORKERS`: the port of `/metrics` of the first worker. Each further worker uses the next port. 0 selects free ports',
    },
    { fallback: 4710, min: 0, max: 65_535 },
  ),
  workerSilenceMs: integer(
    {
      variable: 'PHASELOCK_WORKER_SILENCE_MS',
      group: listening,
      meaning:
        'With several `PHASELOCK_WORKERS`: a worker that does not respond to its parent process for this long is killed and restarted',
    },
    { fallback: 30_000, min: 1_000, max: 600_000 },
  ),
  requestTimeoutMs: integer(
    {
      variable: 'PHASELOCK_REQUEST_TIMEOUT_MS',
      group: listening,
      meaning: 'A request that has not arrived completely within this time gets 408',
    },
    { fallback: 15_000, min: 100, max: 600_000 },
  ),
  headersTimeoutMs: integer(
    {
      variable: 'PHASELOCK_HEADERS_TIMEOUT_MS',
      group: listening,
      meaning: 'A request whose headers have not arrived completely within this time gets 408',
    },
    { fallback: 10_000, min: 100, max: 600_000 },
  ),
  logLevel: logLevel(listening),
  environment: environment(listening),
  tracesEndpoint: tracesEndpoint(listening),
  tracesHeaders: tracesHeaders(listening),
  tracePercent: integer(
    {
      variable: 'PHASELOCK_TRACE_PERCENT',
      group: listening,
      meaning:
        'Percentage of the requests without a `traceparent` header that begin a trace, if a collector is set. A request with a sampled `traceparent` is always traced for an authenticated caller, up to 600 times a minute for each caller. Above that number, and for unauthenticated callers, this percentage applies',
    },
    { fallback: 100, min: 0, max: 100 },
  ),
  revision: revision(listening),

  databaseUrl: databaseUrl(data),
  dataDir: dataDir(data),
  migrate: migrate(data),
  redisUrl: redisUrl(data),
  archiveUrl: archiveUrl(data, parseStoreAddress),
  poolSize: integer(
    {
      variable: 'PHASELOCK_POOL_SIZE',
      group: data,
      meaning:
        'Maximum number of PostgreSQL connections for requests in each process. Each process uses three more for readiness, invalidations and flags, and up to four more while flags are set',
    },
    { fallback: 16, min: 1, max: 1_000 },
  ),
  poolConnectionTimeoutMs: integer(
    {
      variable: 'PHASELOCK_POOL_CONNECTION_TIMEOUT_MS',
      group: data,
      meaning:
        'How long a request waits for a connection. The wait is shortened where needed to leave part of `PHASELOCK_DEADLINE_MS` for the answer',
    },
    { fallback: 5_000, min: 10, max: 60_000 },
  ),
  poolIdleTimeoutMs: integer(
    { variable: 'PHASELOCK_POOL_IDLE_TIMEOUT_MS', group: data, meaning: 'A connection unused for this long is closed' },
    { fallback: 30_000, min: 100, max: DAY_MS },
  ),
  statementTimeoutMs: integer(
    { variable: 'PHASELOCK_STATEMENT_TIMEOUT_MS', group: data, meaning: 'Time-out of each SQL statement' },
    { fallback: 15_000, min: 100, max: 600_000 },
  ),
  poolStartupSettings: onOff(
    {
      variable: 'PHASELOCK_POOL_STARTUP_SETTINGS',
      group: data,
      meaning:
        '`on` sends time-outs and planner settings when a connection opens. Set `off` behind pgbouncer in transaction mode, which refuses them',
    },
    'on',
  ),

  auth: oneOf(
    {
      variable: 'PHASELOCK_AUTH',
      group: access,
      meaning:
        '`keys`: API keys, and tokens if `PHASELOCK_OIDC_ISSUER` is set. `off`: every program on this machine may do everything; allowed on loopback only',
    },
    ['keys', 'off'],
    'keys',
  ),
  oidcIssuer: optional(
    url(
      {
        variable: 'PHASELOCK_OIDC_ISSUER',
        group: access,
        meaning: 'Accepts bearer tokens of this issuer. Must equal the `iss` claim exactly',
      },
      ['https:', 'http:'],
    ),
  ),
  oidcAudience: optional(
    plainText(
      { variable: 'PHASELOCK_OIDC_AUDIENCE', group: access, meaning: 'The audience (`aud`) those tokens must have' },
      '',
    ),
  ),
  oidcAlgorithms: list(
    {
      variable: 'PHASELOCK_OIDC_ALGORITHMS',
      group: access,
      meaning: 'Accepted signature algorithms; asymmetric ones only',
    },
    'RS256,ES256',
  ),
  oidcJwksUrl: optional(
    url(
      {
        variable: 'PHASELOCK_OIDC_JWKS_URL',
        group: access,
        meaning: "URL of the issuer's key set (JWKS). Absent: taken from the issuer's discovery document",
      },
      ['https:', 'http:'],
    ),
  ),
  oidcAllProjects: onOff(
    {
      variable: 'PHASELOCK_OIDC_ALL_PROJECTS',
      group: access,
      meaning:
        '`on`: a token without the claim `phaselock_project` is valid for all projects. `off`: such a token is refused. Set `on` only for an issuer whose tokens for this audience are all meant for phaselock',
    },
    'off',
  ),
  rateLimit: integer(
    {
      variable: 'PHASELOCK_RATE_LIMIT',
      group: access,
      meaning: 'Maximum requests a minute for each API key or token subject in each process; 0 for no limit',
    },
    { fallback: 12_000, min: 0, max: 100_000_000 },
  ),

  flagProvider: optional(
    plainText(
      {
        variable: 'PHASELOCK_FLAG_PROVIDER',
        group: guarding,
        meaning:
          'Path of an ES module whose default export is an OpenFeature provider. The provider decides who is enrolled and how slots are locked, in place of the percentages in the database. A flag that is off or killed in the database stays off',
      },
      '',
    ),
  ),
  deadlineMs: integer(
    {
      variable: 'PHASELOCK_DEADLINE_MS',
      group: guarding,
      meaning:
        'Deadline for a whole request until its answer begins: authentication, waiting, retrying and writing. A tenth of it, at most 500 ms, is reserved for the answer; no wait may use that part',
    },
    { fallback: 5_000, min: 100, max: 60_000 },
  ),
  leaseMs: integer(
    {
      variable: 'PHASELOCK_LEASE_MS',
      group: guarding,
      meaning: 'How long a runner may go without a heartbeat before its process counts as lost',
    },
    { fallback: 30_000, min: 1_000, max: DAY_MS },
  ),

  maxPoolWaiting: integer(
    {
      variable: 'PHASELOCK_MAX_POOL_WAITING',
      group: load,
      meaning:
        'When more requests than this wait for a connection, further requests get 503 at once; heartbeats and other reports of running work get it at twice this number. One caller may use at most half of the queue, so with a single key the bound is half of this number',
    },
    { fallback: 400, min: 1, max: 100_000 },
  ),
  maxEventLoopDelayMs: integer(
    {
      variable: 'PHASELOCK_MAX_EVENT_LOOP_DELAY_MS',
      group: load,
      meaning:
        'When the work of this process delays its event loop by more than this, further requests get 503 at once; heartbeats and other reports of running work get it at twice this delay',
    },
    { fallback: 250, min: 10, max: 60_000 },
  ),
  maxStreams: integer(
    {
      variable: 'PHASELOCK_MAX_STREAMS',
      group: load,
      meaning: 'Maximum number of open change streams in each process; further ones get 503',
    },
    { fallback: 1_000, min: 1, max: 100_000 },
  ),
  maxStreamsPerCaller: integer(
    {
      variable: 'PHASELOCK_MAX_STREAMS_PER_CALLER',
      group: load,
      meaning: 'Maximum number of open change streams of one key or subject in each process; further ones get 429',
    },
    { fallback: 250, min: 1, max: 100_000 },
  ),
  maxDownloads: integer(
    {
      variable: 'PHASELOCK_MAX_DOWNLOADS',
      group: load,
      meaning: 'Maximum number of export and archive downloads at a time in each process; further ones get 503',
    },
    { fallback: 100, min: 1, max: 100_000 },
  ),
  maxDownloadsPerCaller: integer(
    {
      variable: 'PHASELOCK_MAX_DOWNLOADS_PER_CALLER',
      group: load,
      meaning: 'Maximum number of downloads at a time for one key or subject in each process; further ones get 429',
    },
    { fallback: 20, min: 1, max: 100_000 },
  ),
  drainDelayMs: integer(
    {
      variable: 'PHASELOCK_DRAIN_DELAY_MS',
      group: load,
      meaning:
        'How long to keep serving after SIGTERM while `/readyz` already returns 503, so that a load balancer stops sending requests',
    },
    { fallback: 0, min: 0, max: 300_000 },
  ),
  drainTimeoutMs: integer(
    {
      variable: 'PHASELOCK_DRAIN_TIMEOUT_MS',
      group: load,
      meaning: 'How long requests in flight may take to finish after `PHASELOCK_DRAIN_DELAY_MS`; then they are cut',
    },
    { fallback: 10_000, min: 0, max: 300_000 },
  ),
} as const;
