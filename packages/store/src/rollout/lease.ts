import type { Sql, Statement } from '../sql.ts';

export type RolloutLease =
  | { readonly kind: 'taken'; readonly fence: number; readonly until: Date }
  | { readonly kind: 'held'; readonly holder: string; readonly until: Date }
  | { readonly kind: 'unknown-flag' };

export type TakeRollout = {
  readonly flag: string;
  readonly holder: string;
  readonly leaseMs: number;
  /** Takes the lease from its current holder, whose next write is then refused. */
  readonly evenHeld?: boolean;
};

const TAKE: Statement = { name: 'take_rollout', text: 'select * from take_rollout($1, $2, $3, $4)' };
const RENEW: Statement = { name: 'renew_rollout', text: 'select renew_rollout($1, $2) as kept' };
const RELEASE: Statement = { name: 'release_rollout', text: 'select release_rollout($1, $2) as kept' };

/** Takes the lease that permits changes to a rollout. Expiry is judged by the database’s clock only. */
export async function takeRollout(
  sql: Sql,
  { flag, holder, leaseMs, evenHeld = false }: TakeRollout,
): Promise<RolloutLease> {
  type Row = { taken: boolean; fence: number; holder: string; until: Date };
  const [row] = await sql.query<Row>(TAKE, [flag, holder, leaseMs, evenHeld]);
  if (row === undefined) return { kind: 'unknown-flag' };
  if (!row.taken) return { kind: 'held', holder: row.holder, until: row.until };
  return { kind: 'taken', fence: row.fence, until: row.until };
}

/** False when another holder has taken the lease since, or it was released. */
export async function renewRollout(sql: Sql, flag: string, fence: number): Promise<boolean> {
  const [row] = await sql.query<{ kept: boolean }>(RENEW, [flag, fence]);
  return row?.kept ?? false;
}

export async function releaseRollout(sql: Sql, flag: string, fence: number): Promise<boolean> {
  const [row] = await sql.query<{ kept: boolean }>(RELEASE, [flag, fence]);
  return row?.kept ?? false;
}
