import { realpath, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { findCluster } from './cluster-path.ts';
import { openDataDirectory, SHARED_DIRECTORY } from './data-directory.ts';
import { runExclusively } from './exclusive-section.ts';
import { removeDrafts } from './make-cluster.ts';
import { findPostmaster } from './postmaster.ts';
import { liveClaims } from './process-claims.ts';
import { stopServer } from './stop-server.ts';

/** With retries, because an orphaned initdb may still add files. */
const REMOVE = { recursive: true, force: true, maxRetries: 10, retryDelay: 50 };

/**
 * Deletes a data directory and its cluster, and stops a server that was left running. Returns false and does nothing
 * while a process uses the server.
 */
export async function removeEmbeddedPostgres(dataDir: string): Promise<boolean> {
  const home = await openDataDirectory(dataDir);
  return runExclusively(home.changing, { timeoutMs: 60_000 }, async () => {
    if ((await liveClaims(home.users)).length > 0) return false;
    const cluster = await findCluster(home.cluster);
    const postmaster = cluster === undefined ? undefined : await findPostmaster(cluster);
    if (postmaster !== undefined) await stopServer(postmaster);
    const place = await realpath(home.cluster).catch(() => undefined);
    if (place !== undefined && dirname(place) === SHARED_DIRECTORY) await rm(place, REMOVE);
    await removeDrafts(home);
    await rm(home.path, REMOVE);
    return true;
  });
}
