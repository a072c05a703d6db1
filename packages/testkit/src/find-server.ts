import { startContainerServer } from './container-server.ts';
import { startEmbeddedServer } from './embedded-server.ts';

/** A server for this run, and how to be done with it. */
export type FoundServer = { readonly adminUrl: string; readonly stop: () => Promise<void> };

/** A server that is there already, a container if asked for, else one of our own from npm. */
export async function findServer(environment: NodeJS.ProcessEnv): Promise<FoundServer> {
  const { PHASELOCK_TEST_DATABASE_URL: adminUrl, PHASELOCK_TEST_CONTAINERS: containers } = environment;
  if (adminUrl) return { adminUrl, stop: async () => undefined };
  if (containers === '1') return startContainerServer();
  return startEmbeddedServer();
}
