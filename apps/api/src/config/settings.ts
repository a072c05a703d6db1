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

/** Every environment variable the API reads. docs/configuration.md is made from this. */
export const SETTINGS = {
  host: plainText(
    {
      variable: 'PHASELOCK_HOST',
      group: listening,
      meaning: 'Address to listen on. Anything but loopback needs `PHASELOCK_AUTH=keys`',
    },
    '127.0.0.1',
  ),
  port: integer(
    { variable: 'PHASELOCK_PORT', group: listening, meaning: 'Port to listen on; 0 takes a free one' },
    { fallback: 4700, min: 0, max: 65_535 },
  ),
  workers: workerCount(listening),
  metricsPort: integer(
    {
      variable: 'PHASELOCK_METRICS_PORT',
      group: listening,
      meaning:
        'With several `PHASELOCK_WORKERS`: the port of `/metrics` of the first of them; each next one has the next port. 0 takes free ones',
    },
    { fallback: 4710, min: 0, max: 65_535 },
  ),
  workerSilenceMs: integer(
    {
      variable: 'PHASELOCK_WORKER_SILENCE_MS',
      group: listening,
      meaning: 'One of several `PHASELOCK_WORKERS` that does nothing for so long is killed and started again',
    },
    { fallback: 30_000, min: 1_000, max: 600_000 },
  ),
  requestTimeoutMs: integer(
    {
      variable: 'PHASELOCK_REQUEST_TIMEOUT_MS',
      group: listening,
      meaning: 'A request that has not arrived whole by then is answered 408',
    },
    { fallback: 15_000, min: 100, max: 600_000 },
  ),
  headersTimeoutMs: integer(
    { variable: 'PHASELOCK_HEADERS_TIMEOUT_MS', group: listening, meaning: 'The same for its headers' },
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
        'Of the requests that come without a `traceparent`, how many in a hundred begin a trace, where there is a collector; of those that come with one a known caller has decided, up to 600 times a minute, and past that, as for callers that are not known, the share decides',
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
        'Connections to PostgreSQL for requests at the most, of each process; three more are used for readiness, invalidations and flags, and up to four while flags are set',
    },
    { fallback: 16, min: 1, max: 1_000 },
  ),
  poolConnectionTimeoutMs: integer(
    {
      variable: 'PHASELOCK_POOL_CONNECTION_TIMEOUT_MS',
      group: data,
      meaning:
        'How long a request waits for a connection; never so long that nothing of `PHASELOCK_DEADLINE_MS` is left for the answer',
    },
    { fallback: 5_000, min: 10, max: 60_000 },
  ),
  poolIdleTimeoutMs: integer(
    { variable: 'PHASELOCK_POOL_IDLE_TIMEOUT_MS', group: data, meaning: 'A connection unused for this long is closed' },
    { fallback: 30_000, min: 100, max: DAY_MS },
  ),
  statementTimeoutMs: integer(
    { variable: 'PHASELOCK_STATEMENT_TIMEOUT_MS', group: data, meaning: 'Any statement' },
    { fallback: 15_000, min: 100, max: 600_000 },
  ),
  poolStartupSettings: onOff(
    {
      variable: 'PHASELOCK_POOL_STARTUP_SETTINGS',
      group: data,
      meaning: '`off` behind pgbouncer in transaction mode, which refuses them',
    },
    'on',
  ),

  auth: oneOf(
    {
      variable: 'PHASELOCK_AUTH',
      group: access,
      meaning:
        '`keys`: API keys, and tokens where OIDC is set. `off`: everybody on this machine may do everything; only on loopback',
    },
    ['keys', 'off'],
    'keys',
  ),
  oidcIssuer: optional(
    url(
      {
        variable: 'PHASELOCK_OIDC_ISSUER',
        group: access,
        meaning: 'Takes bearer tokens of this issuer, exactly as it names itself',
      },
      ['https:', 'http:'],
    ),
  ),
  oidcAudience: optional(
    plainText(
      { variable: 'PHASELOCK_OIDC_AUDIENCE', group: access, meaning: 'The audience those tokens must name' },
      '',
    ),
  ),
  oidcAlgorithms: list(
    {
      variable: 'PHASELOCK_OIDC_ALGORITHMS',
      group: access,
      meaning: 'Signature algorithms that are accepted; only asymmetric ones',
    },
    'RS256,ES256',
  ),
  oidcJwksUrl: optional(
    url(
      {
        variable: 'PHASELOCK_OIDC_JWKS_URL',
        group: access,
        meaning: "Where the issuer's keys are. Absent: discovered from the issuer",
      },
      ['https:', 'http:'],
    ),
  ),
  oidcAllProjects: onOff(
    {
      variable: 'PHASELOCK_OIDC_ALL_PROJECTS',
      group: access,
      meaning:
        '`on`: a token without the claim `phaselock_project` is one of all projects. `off`: it is refused. Only for an issuer whose tokens for this audience are all meant for phaselock',
    },
    'off',
  ),
  rateLimit: integer(
    {
      variable: 'PHASELOCK_RATE_LIMIT',
      group: access,
      meaning: 'Requests a minute for each key or subject, in each process; 0 for no limit',
    },
    { fallback: 12_000, min: 0, max: 100_000_000 },
  ),

  flagProvider: optional(
    plainText(
      {
        variable: 'PHASELOCK_FLAG_PROVIDER',
        group: guarding,
        meaning:
          'File of an ES module whose default export is an OpenFeature provider: it decides who is enrolled, and how slots are locked, in place of the shares in the database. A flag that is off or killed in the database stays off',
      },
      '',
    ),
  ),
  deadlineMs: integer(
    {
      variable: 'PHASELOCK_DEADLINE_MS',
      group: guarding,
      meaning:
        'One deadline for all of a request until its answer begins: authentication, waiting, retrying and writing. A tenth of it, at most 500 ms, is kept for the answer: no wait uses that',
    },
    { fallback: 5_000, min: 100, max: 60_000 },
  ),
  leaseMs: integer(
    {
      variable: 'PHASELOCK_LEASE_MS',
      group: guarding,
      meaning: 'How long a runner may be silent before its process counts as lost',
    },
    { fallback: 30_000, min: 1_000, max: DAY_MS },
  ),

  maxPoolWaiting: integer(
    {
      variable: 'PHASELOCK_MAX_POOL_WAITING',
      group: load,
      meaning:
        'Requests waiting for a connection beyond which more are answered 503 at once; heartbeats and the like at twice that. One caller has half of it at the most: with a single key, half of it is the bound',
    },
    { fallback: 400, min: 1, max: 100_000 },
  ),
  maxEventLoopDelayMs: integer(
    {
      variable: 'PHASELOCK_MAX_EVENT_LOOP_DELAY_MS',
      group: load,
      meaning: 'The same for the delay of the event loop, as far as its own work causes it',
    },
    { fallback: 250, min: 10, max: 60_000 },
  ),
  maxStreams: integer(
    { variable: 'PHASELOCK_MAX_STREAMS', group: load, meaning: 'Open change streams; more are answered 503' },
    { fallback: 1_000, min: 1, max: 100_000 },
  ),
  maxStreamsPerCaller: integer(
    {
      variable: 'PHASELOCK_MAX_STREAMS_PER_CALLER',
      group: load,
      meaning: 'Those of one key or subject, in each process; more are answered 429',
    },
    { fallback: 250, min: 1, max: 100_000 },
  ),
  maxDownloads: integer(
    {
      variable: 'PHASELOCK_MAX_DOWNLOADS',
      group: load,
      meaning: 'Exports and archives that are being sent; more are answered 503',
    },
    { fallback: 100, min: 1, max: 100_000 },
  ),
  maxDownloadsPerCaller: integer(
    {
      variable: 'PHASELOCK_MAX_DOWNLOADS_PER_CALLER',
      group: load,
      meaning: 'Those of one key or subject, in each process; more are answered 429',
    },
    { fallback: 20, min: 1, max: 100_000 },
  ),
  drainDelayMs: integer(
    {
      variable: 'PHASELOCK_DRAIN_DELAY_MS',
      group: load,
      meaning:
        'After SIGTERM: how long to go on serving while `/readyz` already says no, so that a load balancer notices',
    },
    { fallback: 0, min: 0, max: 300_000 },
  ),
  drainTimeoutMs: integer(
    {
      variable: 'PHASELOCK_DRAIN_TIMEOUT_MS',
      group: load,
      meaning: 'And then: how long requests in flight may take to finish',
    },
    { fallback: 10_000, min: 0, max: 300_000 },
  ),
} as const;
