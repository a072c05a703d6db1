import type { FoundServer } from './found-server.ts';

const PACKAGE = '@testcontainers/postgresql';
const IMAGE = 'postgres:18-alpine';

type StartedContainer = { getConnectionUri(): string; stop(): Promise<unknown> };
type Container = { withCommand(command: string[]): Container; start(): Promise<StartedContainer> };
type Containers = { PostgreSqlContainer: new (image: string) => Container };

/**
 * Starts PostgreSQL in a container, on machines with Docker. The package is an optional install, not a dependency of
 * phaselock.
 */
export async function startContainerServer(): Promise<FoundServer> {
  const { PostgreSqlContainer } = await loadContainers();
  const command = ['postgres', '-c', 'fsync=off', '-c', 'max_connections=400'];
  const container = await new PostgreSqlContainer(IMAGE).withCommand(command).start();
  return {
    adminUrl: container.getConnectionUri(),
    stop: async () => {
      await container.stop();
    },
  };
}

async function loadContainers(): Promise<Containers> {
  const loaded: unknown = await import(PACKAGE).catch((cause: unknown) => {
    throw new Error(`PHASELOCK_TEST_CONTAINERS=1 needs ${PACKAGE}: pnpm add -w -D ${PACKAGE}`, { cause });
  });
  if (isContainers(loaded)) return loaded;
  throw new Error(`${PACKAGE} does not export PostgreSqlContainer; testkit supports its version 12.`);
}

function isContainers(loaded: unknown): loaded is Containers {
  return typeof loaded === 'object' && loaded !== null && 'PostgreSqlContainer' in loaded;
}
