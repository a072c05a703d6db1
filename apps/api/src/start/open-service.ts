import { prepareDatabase, reportServer } from '@phaselock/guard';
import { createTelemetry, exportSpans, type SpanExport, type Telemetry } from '@phaselock/telemetry';
import { IssuerMistake } from '../access/authenticate-token.ts';
import { ConfigMistakes } from '../config/read-config.ts';
import { type AmongOthers, openApi } from '../open-api.ts';
import { operationKinds } from '../server/build-app.ts';
import { exemplarOf } from '../server/request-scope.ts';
import { findDatabase } from './find-database.ts';
import { type Program, SERVICE } from './open-program.ts';

type Service = {
  readonly program: Program;
  /** Collects what must be closed at the end. */
  readonly resources: AsyncDisposableStack;
  /** Whether this process applies the migrations. */
  readonly migrates: boolean;
  /** Set when several processes share the port. */
  readonly among?: AmongOthers;
};

type OpenService = {
  readonly api: Awaited<ReturnType<typeof openApi>>;
  /** When the database was connected, and when its schema was current. */
  readonly connected: number;
  readonly prepared: number;
};

/** Opens database, telemetry and API, and returns the listening service. */
export async function openService({ program, resources, migrates, among }: Service): Promise<OpenService> {
  const { config, build, scope, logger } = program;
  const telemetry = createTelemetry({
    program: build,
    processes: config.workers,
    operations: operationKinds(),
    exemplar: () => exemplarOf(scope.fields()),
  });
  const database = await findDatabase(config, resources, reportServer({ logger, telemetry }));
  const connected = performance.now();
  if (migrates) await prepareDatabase(database.databaseUrl);
  const prepared = performance.now();
  const spans = openSpans(program, telemetry);
  if (spans !== undefined) resources.use(spans);
  const api = resources.use(await openInOrder({ config, ...database, telemetry, logger, scope, spans, among }));
  return { api, connected, prepared };
}

function openSpans({ config, build, logger }: Program, telemetry: Telemetry): SpanExport | undefined {
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
        'the trace collector does not accept spans: they are dropped',
      ),
  });
}

async function openInOrder(parts: Parameters<typeof openApi>[0]): ReturnType<typeof openApi> {
  try {
    return await openApi(parts);
  } catch (error) {
    throw error instanceof IssuerMistake ? new ConfigMistakes([error.message]) : error;
  }
}
