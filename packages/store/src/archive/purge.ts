import type { SessionId, StoreFailureCode } from '@phaselock/core';
import { functionCall, type Sql } from '../sql.ts';
import type { ClaimToken } from './claims.ts';
import type { StoreId } from './store-id.ts';

/** A session that is due to be purged, and the properties its archived object must have. */
export type PurgeClaim = {
  readonly sessionId: SessionId;
  /** How often reading its object has failed. */
  readonly failures: number;
  readonly sessionVersion: number;
  readonly objectKey: string;
  readonly objectVersion: string | null;
  readonly sha256: string;
  readonly bytes: number;
};

const CLAIM = functionCall('claim_for_purge', 6);
const PURGE = functionCall('purge_proven', 3);
const DISTRUST = functionCall('distrust_archives', 3);

type Claiming = {
  readonly token: ClaimToken;
  readonly limit: number;
  /** Limits on the log lines and object bytes of one claim. The first session is claimed even if it exceeds them. */
  readonly maxRows: number;
  readonly maxBytes: number;
  readonly leaseSeconds: number;
  readonly minAgeSeconds: number;
};

type ClaimRow = {
  session_id: SessionId;
  failures: number;
  session_version: number;
  object_key: string;
  object_version: string | null;
  sha256: string;
  bytes: number;
};

/** Claims sessions that are due to be purged and not claimed by another worker, oldest deletion first. */
export async function claimForPurge(sql: Sql, claiming: Claiming): Promise<PurgeClaim[]> {
  const { token, limit, maxRows, maxBytes, leaseSeconds, minAgeSeconds } = claiming;
  const values = [token, limit, maxRows, maxBytes, leaseSeconds, minAgeSeconds];
  const rows = await sql.query<ClaimRow>(CLAIM, values);
  return rows.map((row) => ({
    sessionId: row.session_id,
    failures: row.failures,
    sessionVersion: row.session_version,
    objectKey: row.object_key,
    objectVersion: row.object_version,
    sha256: row.sha256,
    bytes: row.bytes,
  }));
}

const proofRow = ({ sessionId, sessionVersion, objectKey, objectVersion, sha256, bytes }: PurgeClaim) => ({
  session_id: sessionId,
  session_version: sessionVersion,
  object_key: objectKey,
  object_version: objectVersion,
  sha256,
  bytes,
});

export type Purged = { readonly purged: number; readonly changed: number };

/** Purges, in one transaction, the sessions whose objects were just read and hashed and that have not changed since. */
export async function purgeProven(
  sql: Sql,
  { storeId, token }: { readonly storeId: StoreId; readonly token: ClaimToken },
  proven: readonly PurgeClaim[],
): Promise<Purged> {
  const values = [storeId, token, JSON.stringify(proven.map(proofRow))];
  const rows = await sql.query<{ outcome: 'purged' | 'changed' }>(PURGE, values);
  const purged = rows.filter(({ outcome }) => outcome === 'purged').length;
  return { purged, changed: rows.length - purged };
}

/** An object that does not match its archive record. */
export type Distrusted = {
  readonly claim: PurgeClaim;
  /** Null: the bytes match, but the object version differs from the recorded one. */
  readonly failure: { readonly code: StoreFailureCode | 'unexpected'; readonly message: string } | null;
  /** The key is occupied, so the next archive of the session is written under another key. */
  readonly beside: boolean;
};

/**
 * Schedules the sessions to be archived again, or makes them dead letters after `mostTimes` damaged objects. Returns
 * true for dead letters.
 */
export async function distrustArchives(
  sql: Sql,
  token: ClaimToken,
  found: readonly Distrusted[],
  mostTimes: number,
): Promise<ReadonlyMap<SessionId, boolean>> {
  const rows = found.map(({ claim, failure, beside }) => ({
    session_id: claim.sessionId,
    object_key: claim.objectKey,
    object_version: claim.objectVersion,
    code: failure?.code ?? null,
    message: failure?.message ?? null,
    beside,
  }));
  const told = await sql.query<{ session_id: SessionId; dead: boolean }>(DISTRUST, [
    token,
    JSON.stringify(rows),
    mostTimes,
  ]);
  return new Map(told.map(({ session_id, dead }) => [session_id, dead]));
}
