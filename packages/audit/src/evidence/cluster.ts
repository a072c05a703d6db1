/** The PostgreSQL cluster of a database, and its present timeline. */
export type Cluster = {
  /** The number that initdb gave it. Its standbys, and what is restored from its base backups, have the same. */
  readonly systemId: string;
  /** PostgreSQL begins a new one when a recovery ends: after a standby was promoted, or a base backup restored. */
  readonly timeline: number;
};

type Server = {
  /** Undefined if it cannot be read. */
  readonly cluster: Cluster | undefined;
  readonly standby: boolean;
};

/** Every role has these rights unless they were revoked. */
export const RIGHTS_TO_READ_CLUSTER =
  'EXECUTE on pg_control_system(), pg_control_checkpoint(), pg_control_recovery(), pg_current_wal_lsn() and pg_walfile_name(pg_lsn)';

const INSTEAD = 'Compare the history with --all --against, and make a new seal';

/**
 * Why a server may have lost transactions that it had at a seal, and given their numbers to others; undefined if nothing
 * indicates that. A seal of an earlier release does not name its cluster.
 */
export function whyNotContinued(sealed: Cluster | undefined, { cluster, standby }: Server): string | undefined {
  if (sealed === undefined) return undefined;
  if (cluster === undefined)
    return `whether the database was restored since the seal cannot be known: the PostgreSQL cluster cannot be read, which needs ${RIGHTS_TO_READ_CLUSTER}`;
  if (cluster.systemId !== sealed.systemId)
    return `the database is on another PostgreSQL cluster than at the seal (${sealed.systemId}, this one is ${cluster.systemId}): it was restored from a dump, or upgraded with pg_upgrade. ${INSTEAD}`;
  if (cluster.timeline > sealed.timeline)
    return `a standby was promoted, or a base backup restored, since the seal: the cluster was on timeline ${sealed.timeline}, and is on ${cluster.timeline}. ${INSTEAD}`;
  if (cluster.timeline === sealed.timeline) return undefined;
  return standby
    ? `the seal is newer than this snapshot: this standby is on timeline ${cluster.timeline}, and the seal was made on ${sealed.timeline}; repeat the audit later, or audit the primary`
    : `this server is on timeline ${cluster.timeline}, and the seal was made on ${sealed.timeline}: it is the primary from before a promotion, or an older copy. Audit the present primary`;
}
