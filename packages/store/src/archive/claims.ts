import type { SessionId, TaskId } from '@phaselock/core';
import { functionCall, type Sql, type Statement } from '../sql.ts';

/** A UUID, generated for each batch. */
export type ClaimToken = `${string}-${string}-${string}-${string}-${string}`;

export type ArchiveClaim = {
  readonly sessionId: SessionId;
  readonly taskId: TaskId;
  /** How many archive attempts of this session have failed. */
  readonly failures: number;
  /** How many object keys of its current version are occupied by other content; the next object gets the next key. */
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

/** Claims up to `limit` sessions that no other worker has claimed, oldest deletion first. */
export async function claimForArchive(sql: Sql, claiming: Claiming): Promise<ArchiveClaim[]> {
  type Row = { session_id: SessionId; task_id: TaskId; failures: number; copy: number };
  const { token, limit, leaseSeconds, minAgeSeconds } = claiming;
  const rows = await sql.query<Row>(CLAIM, [token, limit, leaseSeconds, minAgeSeconds]);
  return rows.map(({ session_id, task_id, ...row }) => ({ sessionId: session_id, taskId: task_id, ...row }));
}

export type AnnouncedObject = { readonly sessionId: SessionId; readonly objectKey: string };

/**
 * Records the key of each object before it is written, and renews the claims. Returns the sessions that may be written:
 * this token still holds their claim, and no removal of their key has begun.
 */
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
  /** Null: there is no further retry, the session becomes a dead letter. */
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

/** Releases the claims of a worker that stops in the middle of a batch, without counting a failure. */
export async function releaseClaims(sql: Sql, token: ClaimToken): Promise<number> {
  return (await sql.query(RELEASE, [token])).length;
}

export async function renewClaims(sql: Sql, token: ClaimToken, leaseSeconds: number): Promise<void> {
  await sql.query(RENEW, [token, leaseSeconds]);
}

/** Records objects that no archive and no claim refers to as leftovers, which are removed later. */
export async function leaveObjects(sql: Sql, keys: readonly string[]): Promise<void> {
  await sql.query(SWEEP, [keys]);
}
