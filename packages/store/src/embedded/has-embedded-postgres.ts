import { findCluster } from './cluster-path.ts';
import { clusterIn } from './data-directory.ts';

/** Whether a start on this directory would find a cluster instead of making one. Makes nothing, not even the directory. */
export const hasEmbeddedPostgres = async (dataDir: string): Promise<boolean> =>
  (await findCluster(clusterIn(dataDir))) !== undefined;
