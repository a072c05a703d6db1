import { createHash } from 'node:crypto';
import { parseApiKey } from '@phaselock/access';
import { ROUTES } from '@phaselock/contract';
import { parseApiKeyId } from '@phaselock/core';
import type { RequestTime } from '@phaselock/guard';
import { createLogger, createTelemetry } from '@phaselock/telemetry';
import { authenticateBy } from '../src/access/authenticate.ts';
import { authenticateKeys } from '../src/access/authenticate-key.ts';
import { countInFlight } from '../src/intake/in-flight.ts';
import { createRateLimiter } from '../src/intake/rate-limit.ts';
import { createLoadShedder } from '../src/intake/shed-load.ts';
import { unreadAnswers } from '../src/intake/unread-answers.ts';
import { listen } from '../src/life/listen.ts';
import { openFront } from '../src/server/open-front.ts';
import { createRequestScope } from '../src/server/request-scope.ts';
import { type Intake, letIn } from '../src/server/serve-route.ts';

/**
 * The baseline for benchmarks: express routes that return a fixed JSON body. `/floor` has the middleware and admission
 * of every API request, `/bare` has only the middleware.
 */
const body: unknown = JSON.parse(process.env.FLOOR_BODY ?? '{}');
const { prefix = '', secret = '' } = parseApiKey(process.env.FLOOR_KEY ?? '') ?? {};
const id = parseApiKeyId('01936f6e-0000-7000-8000-000000000000');
if (id === undefined) throw new Error('not an id');
const secretSha256 = createHash('sha256').update(secret).digest();
const key = { id, name: 'floor', secretSha256, scopes: ['admin'], projectId: null, revokedAt: null };

const now = (): number => performance.now();
const scope = createRequestScope();
const telemetry = createTelemetry({});
const keys = authenticateKeys({
  find: async (asked) => (asked === prefix ? key : undefined),
  touch: async () => undefined,
  now,
});
const time: RequestTime = { bounded: (work) => work(), notCounting: (work) => work() };
const authenticate = authenticateBy({ keys, tokens: undefined });
const intake: Intake = {
  authenticate,
  authenticateUrgent: authenticate,
  authenticateScraper: authenticate,
  guard: { ownersOf: async () => [], inOneTime: (_isAnswered, work) => work(time) },
  shedder: createLoadShedder({
    poolWaiting: () => 0,
    maxPoolWaiting: 1,
    eventLoopDelayMs: () => 0,
    maxEventLoopDelayMs: 1,
  }),
  inFlight: countInFlight(),
  unread: unreadAnswers(),
  limiter: createRateLimiter({ limit: 100_000_000, windowMs: 60_000, now }),
  rateWindowMs: 60_000,
  telemetry,
  scope,
};
const app = openFront({
  onlyThisMachine: false,
  logger: createLogger({ service: 'floor', version: '0.0.0', environment: 'bench', level: 'warn' }),
  telemetry,
  scope,
  now,
  spans: undefined,
});
app.get('/floor', async (request, response) => {
  await letIn(intake, ROUTES.latestSession, request, response, time);
  response.json(body);
});
app.get('/bare', (_request, response) => void response.json(body));
const { url } = await listen(app, { host: '127.0.0.1', port: 0, requestTimeoutMs: 15_000, headersTimeoutMs: 10_000 });
process.stdout.write(`floor is up at ${url}\n`);
process.once('SIGINT', () => process.exit(0));
