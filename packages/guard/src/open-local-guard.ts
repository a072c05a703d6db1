import { startEmbeddedPostgres } from '@phaselock/store';
import { type OpenGuard, type OpenGuardOptions, openGuard } from './open-guard.ts';
import { prepareDatabase } from './prepare-database.ts';

export type OpenLocalGuardOptions = Omit<OpenGuardOptions, 'databaseUrl'> & {
  /** Where the embedded PostgreSQL keeps its data; a second process that names the same folder joins the same server. */
  readonly dataDir: string;
};

export type OpenLocalGuard = OpenGuard & { readonly databaseUrl: string };

/** The guard on a PostgreSQL of its own: started on demand, migrated, with the well-known models, and stopped by the last who leaves. */
export async function openLocalGuard({ dataDir, ...options }: OpenLocalGuardOptions): Promise<OpenLocalGuard> {
  await using resources = new AsyncDisposableStack();
  const server = resources.use(await startEmbeddedPostgres({ dataDir }));
  await prepareDatabase(server.url);
  const guard = resources.use(await openGuard({ ...options, databaseUrl: server.url }));
  const owned = resources.move();
  return { ...guard, databaseUrl: server.url, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
