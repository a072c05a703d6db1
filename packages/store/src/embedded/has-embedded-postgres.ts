import { findCluster } from './cluster-path.ts';
import { clusterIn } from './data-directory.ts';

/** Whether the directory contains a cluster, so that a start would not create one. Does not create the directory. */
export const hasEmbeddedPostgres = async (dataDir: string): Promise<boolean> =>
  (await findCluster(clusterIn(dataDir))) !== undefined;
