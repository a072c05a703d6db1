import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { prepareDatabase, reportServer } from '@phaselock/guard';
import { type ServerEvent, startEmbeddedPostgres } from '@phaselock/store';
import {
  type Build,
  createLogger,
  createTelemetry,
  exportSpans,
  type Logger,
  readBuild,
  type SpanExport,
  type Telemetry,
} from '@phaselock/telemetry';
import { IssuerMistake } from '../access/authenticate-token.ts';
import { type Config, ConfigMistakes, type Environment, readConfig, unknownVariables } from '../config/read-config.ts';
import { openApi } from '../open-api.ts';
import { operationKinds } from '../server/build-app.ts';
import { createRequestScope, exemplarOf } from '../server/request-scope.ts';
import { banner } from './banner.ts';
import { firstTask } from './first-task.ts';
import { localKey } from './local-key.ts';
import { seedDemo } from './seed-demo.ts';

export type Run = {
  readonly env: Environment;
  readonly args: readonly string[];
  readonly say: (text: string) => void;
};

type RunApi = Run & {
  /** Whether what is said is only seen by the person who started it. */
  readonly showsSecrets: boolean;
  /** Where the program is. */
  readonly root: string;
};

const SERVICE = 'phaselock-api';

/** From the environment to a service that answers, until a signal ends it in good order. */
export async function runApi({ env, args, say, showsSecrets, root }: RunApi): Promise<void> {
  // Counted from the start of the process: what came before is Node's own start and the loading of our modules.
  const since = performance.now();
  const { demo } = readArguments(args);
  const config = readConfig(env);
  const ended = untilSignal();
  const scope = createRequestScope();
  const build = readBuild(root, config.revision);
  const { environment, logLevel: level } = config;
  const context = () => scope.fields();
  const logger = createLogger({ service: SERVICE, version: build.version, environment, level, context });
  for (const name of unknownVariables(env))
    logger.warn(
      { 'event.action': 'setting-unknown', 'phaselock.setting': name },
      `${name} is not known and has no effect`,
    );

  await using resources = new AsyncDisposableStack();
  const telemetry = createTelemetry({
    program: build,
    operations: operationKinds(),
    exemplar: () => exemplarOf(scope.fields()),
  });
  const database = await findDatabase(config, resources, reportServer({ logger, telemetry }));
  const connected = performance.now();
  if (config.migrate) await prepareDatabase(database.databaseUrl);
  const prepared = performance.now();
  const spans = openSpans({ config, build, telemetry, logger });
  if (spans !== undefined) resources.use(spans);
  const api = resources.use(await openInOrder({ config, ...database, telemetry, logger, scope, spans }));
  const opened = performance.now();
  logger.info(
    {
      'event.action': 'service-started',
      'phaselock.start.load_ms': since,
      'phaselock.start.database_ms': connected - since,
      'phaselock.start.schema_ms': prepared - connected,
      'phaselock.start.service_ms': opened - prepared,
    },
    'the service answers',
  );
  if (demo) await seedDemo(api.guard);
  say(
    await introduce({
      config,
      api,
      since,
      showsSecrets,
      warn: (text) => logger.warn({ 'event.action': 'local-key-replaced' }, text),
    }),
  );

  await ended;
  const whole = await api.drain();
  if (!whole)
    logger.warn(
      { 'event.action': 'service-stopped-early' },
      'requests in flight were cut at the deadline of the shutdown',
    );
}

/** Terminals and pnpm both send one, so a second is no wish to hurry; without a listener that stays, it would end the process at once. */
function untilSignal(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => resolve());
  return promise;
}

type Tracing = {
  readonly config: Config;
  readonly build: Build;
  readonly telemetry: Telemetry;
  readonly logger: Logger;
};

function openSpans({ config, build, telemetry, logger }: Tracing): SpanExport | undefined {
  const { tracesEndpoint: endpoint, tracesHeaders: headers, tracePercent: percent, environment } = config;
  if (endpoint === undefined) return undefined;
  return exportSpans({
    endpoint,
    headers,
    percent,
    resource: { name: SERVICE, version: build.version, environment },
    counted: telemetry.http.spans,
    failed: (error) =>
      logger.warn(
        { err: error, 'event.action': 'traces-dropped' },
        'the collector of traces does not take spans: they are dropped',
      ),
  });
}

/** The one the configuration names, or an embedded one, which this process looks after. */
async function findDatabase(
  { databaseUrl, dataDir }: Config,
  resources: AsyncDisposableStack,
  observe: (event: ServerEvent) => void,
): Promise<Pick<Parameters<typeof openApi>[0], 'databaseUrl' | 'serverState'>> {
  if (databaseUrl !== undefined) return { databaseUrl };
  const server = resources.use(await startEmbeddedPostgres({ dataDir, observe }));
  return { databaseUrl: server.url, serverState: () => server.state() };
}

async function openInOrder(parts: Parameters<typeof openApi>[0]): ReturnType<typeof openApi> {
  try {
    return await openApi(parts);
  } catch (error) {
    throw error instanceof IssuerMistake ? new ConfigMistakes([error.message]) : error;
  }
}

type Introducing = {
  readonly config: Config;
  readonly api: Awaited<ReturnType<typeof openApi>>;
  readonly since: number;
  readonly showsSecrets: boolean;
  readonly warn: (text: string) => void;
};

async function introduce({ config, api, since, showsSecrets, warn }: Introducing): Promise<string> {
  const embedded = config.databaseUrl === undefined;
  const key = embedded && config.auth === 'keys' ? await localKey(api.guard, config.dataDir, warn) : undefined;
  const taskId = embedded ? await firstTask(api.guard) : undefined;
  return banner({
    url: api.url,
    tookMs: performance.now() - since,
    database: embedded ? `an embedded PostgreSQL, kept in ${config.dataDir}` : 'as PHASELOCK_DATABASE_URL says',
    auth: config.auth,
    key: key && { file: resolve(key.file), shown: showsSecrets ? key.key : undefined },
    taskId,
  });
}

function readArguments(args: readonly string[]): { readonly demo: boolean } {
  try {
    // pnpm hands its own separator on.
    const given = args.filter((arg) => arg !== '--');
    const { values } = parseArgs({ args: given, options: { demo: { type: 'boolean', default: false } } });
    return { demo: values.demo };
  } catch (error) {
    throw new ConfigMistakes([error instanceof Error ? error.message : String(error), 'usage: start [--demo]']);
  }
}
