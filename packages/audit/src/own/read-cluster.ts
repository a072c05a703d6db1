import pg from 'pg';
import type { Cluster } from '../evidence/cluster.ts';
import { rowsOf } from './shared-connections.ts';

/**
 * A primary is on the timeline of the segment that it writes, which the control file has only after a checkpoint. A
 * standby writes no segment.
 */
const CLUSTER = `
  select s.system_identifier as system_id, c.timeline_id as at_checkpoint, r.min_recovery_end_timeline as at_recovery,
         case when not pg_catalog.pg_is_in_recovery() then pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()) end as segment
  from pg_catalog.pg_control_system() s, pg_catalog.pg_control_checkpoint() c, pg_catalog.pg_control_recovery() r`;

/** The name of a segment begins with this many hexadecimal digits of its timeline. */
const TIMELINE_DIGITS = 8;

/**
 * Reads the cluster of a server, outside of a transaction, which a refused statement would abort. Undefined if the role
 * has no right to read it, or if the server does not support it.
 */
export async function readCluster(client: pg.Client): Promise<Cluster | undefined> {
  const [row] = await rowsOf(client, CLUSTER).catch((error: unknown) => {
    if (error instanceof pg.DatabaseError) return [];
    throw error;
  });
  if (row?.system_id == null) return undefined;
  const timeline =
    row.segment == null
      ? Math.max(Number(row.at_checkpoint), Number(row.at_recovery))
      : Number.parseInt(row.segment.slice(0, TIMELINE_DIGITS), 16);
  return { systemId: row.system_id, timeline };
}
