import { chmod, mkdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';

/** What a data directory holds. `cluster` is PostgreSQL's own directory, or a link to it where root had to move it. */
export type DataDirectory = {
  readonly path: string;
  readonly cluster: string;
  readonly password: string;
  readonly port: string;
  readonly log: string;
  /** Claims of the processes that use the server. */
  readonly users: string;
  /** Claim of the process that starts or stops it. */
  readonly changing: string;
};

/** Where root keeps what the system user `postgres` has to reach. */
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

/** Made for all to enter, whatever the umask. */
export async function openSharedDirectory(): Promise<string> {
  await mkdir(SHARED_DIRECTORY, { recursive: true });
  await chmod(SHARED_DIRECTORY, 0o755);
  return SHARED_DIRECTORY;
}
