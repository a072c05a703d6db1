import type { SessionId } from '@phaselock/core';
import { functionCall, type Sql } from '../sql.ts';
import type { ClaimToken } from './claims.ts';

/** What was written, read back and found to be the same. */
export type Manifest = {
  readonly sessionId: SessionId;
  readonly version: number;
  readonly objectKey: string;
  readonly objectVersion: string | null;
  readonly sha256: string;
  readonly bytes: number;
  readonly counts: PartCounts;
};

export type PartCounts = {
  readonly processes: number;
  readonly events: number;
  readonly logs: number;
  readonly feedback: number;
};

/** `changed`: the session is not what was written any more. `not-claimed`: somebody else has taken it up since. */
export type Marked = 'archived' | 'changed' | 'not-claimed';

const MARK = functionCall('mark_archived', 3);
const PURGE = functionCall('purge_archived', 3);

export async function markArchived(
  sql: Sql,
  token: ClaimToken,
  manifests: readonly Manifest[],
  retentionDays: number,
): Promise<ReadonlyMap<SessionId, Marked>> {
  const rows = manifests.map(({ sessionId, version, objectKey, objectVersion, sha256, bytes, counts }) => ({
    session_id: sessionId,
    version,
    object_key: objectKey,
    object_version: objectVersion,
    sha256,
    bytes,
    ...counts,
  }));
  const marked = await sql.query<{ session_id: SessionId; outcome: Marked }>(MARK, [
    token,
    JSON.stringify(rows),
    retentionDays,
  ]);
  return new Map(marked.map(({ session_id, outcome }) => [session_id, outcome]));
}

export type Purged = { readonly purged: number; readonly changed: number };

/** One transaction: what was archived and is still what was archived is deleted, oldest deletion first. */
export async function purgeArchived(
  sql: Sql,
  {
    limit,
    maxRows,
    minAgeSeconds,
  }: { readonly limit: number; readonly maxRows: number; readonly minAgeSeconds: number },
): Promise<Purged> {
  const rows = await sql.query<{ outcome: 'purged' | 'changed' }>(PURGE, [limit, maxRows, minAgeSeconds]);
  const purged = rows.filter(({ outcome }) => outcome === 'purged').length;
  return { purged, changed: rows.length - purged };
}
