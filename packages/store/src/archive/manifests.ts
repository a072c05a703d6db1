import type { SessionId } from '@phaselock/core';
import { functionCall, type Sql } from '../sql.ts';
import type { ClaimToken } from './claims.ts';
import type { StoreId } from './store-id.ts';

/** Describes an archived object that was written, read back and found identical. */
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

/** `changed`: the session has changed since it was written. `not-claimed`: this worker no longer holds the claim. */
export type Marked = 'archived' | 'changed' | 'not-claimed';

const MARK = functionCall('mark_archived', 4);

/** The store a batch was written to, and the claim it was written under. */
export type MarkedIn = { readonly storeId: StoreId; readonly token: ClaimToken };

/** Marks sessions as archived. If another store was adopted meanwhile, marks none and returns an empty result. */
export async function markArchived(
  sql: Sql,
  { storeId, token }: MarkedIn,
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
    storeId,
    token,
    JSON.stringify(rows),
    retentionDays,
  ]);
  return new Map(marked.map(({ session_id, outcome }) => [session_id, outcome]));
}
