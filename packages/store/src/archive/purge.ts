import type { SessionId, StoreFailureCode } from '@phaselock/core';
import { functionCall, type Sql } from '../sql.ts';
import type { ClaimToken } from './claims.ts';
import type { StoreId } from './store-identity.ts';

/** A session that is due to be purged, and what its object has to be for that. */
export type PurgeClaim = {
  readonly sessionId: SessionId;
  /** How often its object could not be read before. */
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
  /** Log lines and bytes of objects that one claim takes; the first session whatever it has. */
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

/** What may be purged and nobody else is at, oldest deletion first. */
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

/** One transaction: those whose objects were read and hashed a moment ago, if they still are what was read. */
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

/** An object that is not what the archive says of it. */
export type Distrusted = {
  readonly claim: PurgeClaim;
  /** Null: the same bytes are there, as another version than the one that was recorded. */
  readonly failure: { readonly code: StoreFailureCode | 'unexpected'; readonly message: string } | null;
  /** Something lies under the key, so the session is written beside it. */
  readonly beside: boolean;
};

/** Their sessions go back to be archived again, or to the dead letters where that happened too often. The answer says which are dead. */
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
