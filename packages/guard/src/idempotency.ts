import { createHash } from 'node:crypto';
import { PhaselockError, parseSessionId, SESSION_STATUSES, type SessionId, type SessionStatus } from '@phaselock/core';
import {
  type Database,
  type IdempotencyRow,
  type IdempotentResponse,
  keepIdempotentResponses,
  readIdempotentResponse,
  type Sql,
  withIdempotencyKey,
} from '@phaselock/store';
import type { GuardContext } from './context.ts';
import { isIdempotencyRace } from './failures.ts';
import { findBirth, findExisting } from './own-birth.ts';
import type { StartOutcome } from './start-outcome.ts';

export type IdempotencyKey = {
  /** The caller that owns the key; two callers may use the same key. */
  readonly scope: string;
  readonly key: string;
  /** Identifies the request; the same key with another request is refused. */
  readonly fingerprint: string;
};

const hash = ({ fingerprint }: IdempotencyKey): string => createHash('sha256').update(fingerprint).digest('hex');

export type KeyRow = { readonly scope: string; readonly key: string; readonly requestHash: string };

/** The stored columns of a key, without the response. */
export const keyRow = (key: IdempotencyKey): KeyRow => ({ scope: key.scope, key: key.key, requestHash: hash(key) });

export function idempotencyRow(key: IdempotencyKey | undefined, sessionId: SessionId): IdempotencyRow | null {
  return key === undefined ? null : { ...keyRow(key), response: { session_id: sessionId } };
}

/** The row of a start that found an existing session: the id of the session, and the status that was returned. */
export const existingRow = (key: IdempotencyKey, sessionId: SessionId, status: SessionStatus): IdempotencyRow => ({
  ...keyRow(key),
  response: { session_id: sessionId, existing: status },
});

/**
 * Stores the key of an answer that wrote nothing else. Returns false if a concurrent call with the same key was faster;
 * then the answer of that call holds.
 */
export async function keepAnswer(key: IdempotencyKey, row: IdempotencyRow, sql: Sql): Promise<boolean> {
  return (await keepIdempotentResponses(sql, [row])).includes(key.key);
}

/**
 * The answer of the first call with this key, if that call returned a session. Questions and refusals are not stored,
 * so a repeated call is decided again.
 */
export async function replay(
  ctx: GuardContext,
  key: IdempotencyKey | undefined,
  sql: Sql,
): Promise<StartOutcome | undefined> {
  const stored = await storedAnswer(ctx, key, sql);
  return stored === undefined ? undefined : await retell(ctx, stored);
}

/** Rebuilds the original answer from a stored response. */
export async function retell(ctx: GuardContext, stored: object): Promise<StartOutcome | undefined> {
  const sessionId = parsed(stored, 'session_id', parseSessionId);
  const existing: unknown = Reflect.get(stored, 'existing');
  const status = SESSION_STATUSES.find((known) => known === existing);
  return status === undefined ? await findBirth(ctx, sessionId) : await findExisting(ctx, sessionId, status);
}

export async function storedAnswer(
  ctx: GuardContext,
  key: IdempotencyKey | undefined,
  sql: Sql,
): Promise<object | undefined> {
  if (key === undefined) return undefined;
  const found = await readIdempotentResponse(sql, key.scope, key.key);
  return found === undefined ? undefined : checkStored(ctx, key, found);
}

/** Returns the stored response. Throws if the key was used for another request. */
export function checkStored(
  ctx: GuardContext,
  key: IdempotencyKey,
  { request_hash, response }: IdempotentResponse,
): object {
  if (request_hash !== hash(key)) throw new PhaselockError('idempotency_key_reused');
  if (typeof response !== 'object' || response === null) throw new TypeError('a stored response is empty');
  ctx.telemetry.replayed();
  return response;
}

export function parsed<Id>(stored: object, name: string, parse: (text: string) => Id | undefined): Id {
  const value: unknown = Reflect.get(stored, name);
  const id = typeof value === 'string' ? parse(value) : undefined;
  if (id === undefined) throw new TypeError(`a stored response has no ${name}`);
  return id;
}

/** A write to be done once for each key, the response to store, and how to rebuild the answer from that response. */
export type Once<Answer> = {
  readonly response: object;
  readonly write: (db: Database['kysely']) => Promise<Answer>;
  readonly retell: (stored: object) => Answer;
};

/** Runs the write once for each key. Repeated and concurrent calls with the key get the answer of the first. */
export async function doOnce<Answer>(
  ctx: GuardContext,
  key: IdempotencyKey | undefined,
  { response, write, retell }: Once<Answer>,
): Promise<Answer> {
  const { kysely } = ctx.database;
  if (key === undefined) return await write(kysely);
  const before = await storedAnswer(ctx, key, ctx.database);
  if (before !== undefined) return retell(before);
  try {
    return await withIdempotencyKey(kysely, { ...keyRow(key), response }, write);
  } catch (error) {
    const twin = isIdempotencyRace(error) ? await storedAnswer(ctx, key, ctx.database) : undefined;
    if (twin === undefined) throw error;
    return retell(twin);
  }
}

/** Inserts a row once for each key and returns the id of the row. */
export const makeOnce = <Id extends string>(
  ctx: GuardContext,
  key: IdempotencyKey | undefined,
  parse: (text: string) => Id | undefined,
  { id, insert }: { readonly id: Id; readonly insert: (db: Database['kysely']) => Promise<void> },
): Promise<Id> =>
  doOnce(ctx, key, {
    response: { id },
    write: async (db) => {
      await insert(db);
      return id;
    },
    retell: (stored) => parsed(stored, 'id', parse),
  });
