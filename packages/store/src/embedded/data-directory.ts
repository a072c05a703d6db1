import { chmod, mkdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * The paths in a data directory. `cluster` is PostgreSQL’s own directory, or a link to it if root had to create it
 * elsewhere.
 */
export type DataDirectory = {
  readonly path: string;
  readonly cluster: string;
  readonly password: string;
  readonly port: string;
  readonly log: string;
  /** Directory with the claims of the processes that use the server. */
  readonly users: string;
  /** Directory with the claim of the process that starts or stops the server. */
  readonly changing: string;
};

/** Where root stores files that the system user `postgres` must be able to read. */
export const SHARED_DIRECTORY = '/var/lib/phaselock';

export const clusterIn = (dataDir: string): string => join(dataDir, 'cluster');

export async function openDataDirectory(dataDir: string): Promise<DataDirectory> {
  await mkdir(dataDir, { recursive: true });
  const path = await realpath(dataDir);
  return {
    path,
    cluster: clusterIn(path),
    password: join(path, 'password'),
    port: join(path, 'port'),
    log: join(path, 'server.log'),
    users: join(path, 'users'),
    changing: join(path, 'changing'),
  };
}

/** Creates the shared directory so that every user can enter it, whatever the umask. */
export async function openSharedDirectory(): Promise<string> {
  await mkdir(SHARED_DIRECTORY, { recursive: true });
  await chmod(SHARED_DIRECTORY, 0o755);
  return SHARED_DIRECTORY;
}
