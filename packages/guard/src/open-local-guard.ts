import { KNOWN_MODELS } from '@phaselock/core';
import { migrate, seedCatalogue, startEmbeddedPostgres } from '@phaselock/store';
import { idSource } from './id-source.ts';
import { newModelId } from './new-ids.ts';
import { type OpenGuard, type OpenGuardOptions, openGuard } from './open-guard.ts';

export type OpenLocalGuardOptions = Omit<OpenGuardOptions, 'databaseUrl'> & {
  /** Where the embedded PostgreSQL keeps its data; a second process that names the same folder joins the same server. */
  readonly dataDir: string;
};

export type OpenLocalGuard = OpenGuard & { readonly databaseUrl: string };

/** The guard on a PostgreSQL of its own: started on demand, migrated, with the well-known models, and stopped by the last who leaves. */
export async function openLocalGuard({ dataDir, ...options }: OpenLocalGuardOptions): Promise<OpenLocalGuard> {
  await using resources = new AsyncDisposableStack();
  const server = resources.use(await startEmbeddedPostgres({ dataDir }));
  await migrate(server.url);
  const newId = idSource(Date.now);
  const guard = resources.use(await openGuard({ ...options, databaseUrl: server.url }));
  await seedCatalogue(
    guard.database.kysely,
    KNOWN_MODELS.map((model) => ({ id: newModelId({ newId }), ...model })),
  );
  const owned = resources.move();
  return { ...guard, databaseUrl: server.url, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
