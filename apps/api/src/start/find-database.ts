import { type ServerEvent, type ServerState, startEmbeddedPostgres } from '@phaselock/store';
import type { Config } from '../config/read-config.ts';
import { connectionsOf } from './connections-of.ts';

type Found = { readonly databaseUrl: string; readonly serverState?: () => ServerState };

/** The default max_connections of the embedded server, enough for a few processes. */
const ENOUGH = 200;
/** Reserve for manual inspection and for other programs on the same data. */
const FOR_OTHERS = 40;

/** The configured database, or an embedded one that this process starts and supervises. */
export async function findDatabase(
  config: Config,
  resources: AsyncDisposableStack,
  observe: (event: ServerEvent) => void,
): Promise<Found> {
  const { databaseUrl, dataDir, workers } = config;
  if (databaseUrl !== undefined) return { databaseUrl };
  const wanted = connectionsOf(config) + FOR_OTHERS;
  const settings = workers > 1 && wanted > ENOUGH ? { max_connections: String(wanted) } : {};
  const server = resources.use(await startEmbeddedPostgres({ dataDir, settings, observe }));
  return { databaseUrl: server.url, serverState: () => server.state() };
}
