import type { SessionId, TaskId } from '@phaselock/core';
import { functionCall, type Sql, type Statement } from '../sql.ts';

/** A UUID, made anew for each batch. */
export type ClaimToken = `${string}-${string}-${string}-${string}-${string}`;

export type ArchiveClaim = {
  readonly sessionId: SessionId;
  readonly taskId: TaskId;
  /** How often it went wrong before. */
  readonly failures: number;
  /** How many keys of its present version hold something else. */
  readonly copy: number;
};

const CLAIM = functionCall('claim_unarchived', 4);
const ANNOUNCE: Statement = {
  name: 'announce_objects',
  text: 'select announced as id from announce_objects($1, $2, $3) announced',
};
const FAIL = functionCall('fail_archives', 2);
const RELEASE: Statement = {
  name: 'release_archive_claims',
  text: 'update archive_claims set token = null, leased_until = null where token = $1 returning session_id',
};
const RENEW: Statement = {
  name: 'renew_archive_claims',
  text: 'update archive_claims set leased_until = clock_timestamp() + make_interval(secs => $2) where token = $1 returning session_id',
};
const SWEEP: Statement = {
  name: 'leave_archive_object',
  text: `insert into archive_leftovers (object_key)
         select key from unnest($1::text[]) key where not exists (select 1 from archives a where a.object_key = key)
           and not exists (select 1 from archive_claims c where c.object_key = key) on conflict do nothing`,
};

type Claiming = {
  readonly token: ClaimToken;
  readonly limit: number;
  readonly leaseSeconds: number;
  readonly minAgeSeconds: number;
};

/** Up to `limit` sessions nobody else is at, oldest deletion first. */
export async function claimForArchive(sql: Sql, claiming: Claiming): Promise<ArchiveClaim[]> {
  type Row = { session_id: SessionId; task_id: TaskId; failures: number; copy: number };
  const { token, limit, leaseSeconds, minAgeSeconds } = claiming;
  const rows = await sql.query<Row>(CLAIM, [token, limit, leaseSeconds, minAgeSeconds]);
  return rows.map(({ session_id, task_id, ...row }) => ({ sessionId: session_id, taskId: task_id, ...row }));
}

export type AnnouncedObject = { readonly sessionId: SessionId; readonly objectKey: string };

/** Says where each object will be before it is written, and renews the claims. The answer leaves out what is not ours any more. */
export async function announceObjects(
  sql: Sql,
  token: ClaimToken,
  objects: readonly AnnouncedObject[],
  leaseSeconds: number,
): Promise<ReadonlySet<SessionId>> {
  const rows = objects.map(({ sessionId, objectKey }) => ({ session_id: sessionId, object_key: objectKey }));
  const announced = await sql.query<{ id: SessionId }>(ANNOUNCE, [token, JSON.stringify(rows), leaseSeconds]);
  return new Set(announced.map(({ id }) => id));
}

export type ArchiveFailure = {
  readonly sessionId: SessionId;
  readonly code: string;
  readonly message: string;
  /** Null: it is not tried again, but laid with the dead letters. */
  readonly retrySeconds: number | null;
};

export async function failArchives(sql: Sql, token: ClaimToken, failures: readonly ArchiveFailure[]): Promise<void> {
  const rows = failures.map(({ sessionId, code, message, retrySeconds }) => ({
    session_id: sessionId,
    code,
    message,
    retry_seconds: retrySeconds,
  }));
  await sql.query(FAIL, [token, JSON.stringify(rows)]);
}

/** Whoever stops in the middle gives back what it did not get to, without a failure. */
export async function releaseClaims(sql: Sql, token: ClaimToken): Promise<number> {
  return (await sql.query(RELEASE, [token])).length;
}

export async function renewClaims(sql: Sql, token: ClaimToken, leaseSeconds: number): Promise<void> {
  await sql.query(RENEW, [token, leaseSeconds]);
}

/** An object that turned out to be nobody's: it is removed later. */
export async function leaveObjects(sql: Sql, keys: readonly string[]): Promise<void> {
  await sql.query(SWEEP, [keys]);
}
