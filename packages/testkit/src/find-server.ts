import { startContainerServer } from './container-server.ts';
import { startEmbeddedServer } from './embedded-server.ts';
import type { FoundServer } from './found-server.ts';

/** Uses the server that the environment names, else a container if requested, else an embedded server from npm. */
export async function findServer(environment: NodeJS.ProcessEnv): Promise<FoundServer> {
  const { PHASELOCK_TEST_DATABASE_URL: adminUrl, PHASELOCK_TEST_CONTAINERS: containers } = environment;
  if (adminUrl) return { adminUrl, stop: async () => undefined };
  if (containers === '1') return startContainerServer();
  return startEmbeddedServer();
}
