import { type Cluster, whyNotContinued } from './cluster.ts';
import type { Seal } from './seal-text.ts';

/** The database that is audited, in its snapshot. */
export type AuditedState = {
  readonly database: string;
  readonly schema: number;
  /** The time of the snapshot, by the clock of the database. */
  readonly at: string;
  readonly snapshot: string;
  /** Whether the server is a standby, which may be behind. */
  readonly standby: boolean;
  /** The PostgreSQL cluster; undefined if it cannot be read. */
  readonly cluster: Cluster | undefined;
};

/** Why a seal cannot be compared with this database; undefined if it can. */
export function whyNotComparable(seal: Seal, state: AuditedState): string | undefined {
  if (seal.database !== state.database)
    return `the seal is of another database (${seal.database.slice(0, 12)}…, this one is ${state.database.slice(0, 12)}…)`;
  if (seal.created > state.at)
    return `the seal is newer than this snapshot: it was made at ${seal.created}, and this snapshot at ${state.at} by the clock of the database`;
  if (state.standby && firstFuture(seal.snapshot) > firstFuture(state.snapshot))
    return 'the seal is newer than this snapshot: this standby has not yet replayed what was sealed; repeat the audit later, or audit the primary';
  return undefined;
}

/** Why the events since a seal cannot be told by their transactions; undefined if they can. */
export function whyNotSince(seal: Seal, state: AuditedState): string | undefined {
  const why = whyNotContinued(seal.cluster, state);
  if (why !== undefined) return why;
  return firstFuture(seal.snapshot) > firstFuture(state.snapshot)
    ? 'the database was restored since the seal, and numbers its transactions anew: audit it with --all, and make a new seal'
    : undefined;
}

/** The first transaction that had not begun when the snapshot was taken. */
const firstFuture = (snapshot: string): bigint => BigInt(snapshot.split(':')[1] ?? '0');
