import { startEmbeddedPostgres } from '@phaselock/store';
import { createTelemetry, silentLogger } from '@phaselock/telemetry';
import { type OpenGuard, type OpenGuardOptions, openGuard } from './open-guard.ts';
import { prepareDatabase } from './prepare-database.ts';
import { reportServer } from './report-server.ts';

export type OpenLocalGuardOptions = Omit<OpenGuardOptions, 'databaseUrl' | 'serverState'> & {
  /** Data folder of the embedded PostgreSQL; a second process with the same folder joins the same server. */
  readonly dataDir: string;
};

export type OpenLocalGuard = OpenGuard & { readonly databaseUrl: string };

/**
 * Opens the guard on an embedded PostgreSQL server, which is started on demand, migrated, and seeded with the
 * well-known models. The server is restarted if it ends unexpectedly, and shut down when its last user closes.
 */
export async function openLocalGuard({ dataDir, ...given }: OpenLocalGuardOptions): Promise<OpenLocalGuard> {
  await using resources = new AsyncDisposableStack();
  const { logger = silentLogger(), telemetry = createTelemetry() } = given;
  const observe = reportServer({ logger, telemetry });
  const server = resources.use(await startEmbeddedPostgres({ dataDir, observe }));
  await prepareDatabase(server.url);
  const own = { databaseUrl: server.url, serverState: () => server.state(), logger, telemetry };
  const guard = resources.use(await openGuard({ ...given, ...own }));
  const owned = resources.move();
  return { ...guard, databaseUrl: server.url, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
