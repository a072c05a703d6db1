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
  /** Whose key it is: two callers may choose the same one. */
  readonly scope: string;
  readonly key: string;
  /** What was asked for; the same key with something else is refused. */
  readonly fingerprint: string;
};

const hash = ({ fingerprint }: IdempotencyKey): string => createHash('sha256').update(fingerprint).digest('hex');

export type KeyRow = { readonly scope: string; readonly key: string; readonly requestHash: string };

/** What is written of a key, beside what its effect leaves as the answer. */
export const keyRow = (key: IdempotencyKey): KeyRow => ({ scope: key.scope, key: key.key, requestHash: hash(key) });

export function idempotencyRow(key: IdempotencyKey | undefined, sessionId: SessionId): IdempotencyRow | null {
  return key === undefined ? null : { ...keyRow(key), response: { session_id: sessionId } };
}

/** What is kept where nothing was written but the key: the session that was there, as it was told. */
export const existingRow = (key: IdempotencyKey, sessionId: SessionId, status: SessionStatus): IdempotencyRow => ({
  ...keyRow(key),
  response: { session_id: sessionId, existing: status },
});

/** For an answer that wrote nothing else. False when a twin with the key was faster: then its answer holds. */
export async function keepAnswer(key: IdempotencyKey, row: IdempotencyRow, sql: Sql): Promise<boolean> {
  return (await keepIdempotentResponses(sql, [row])).includes(key.key);
}

/** The answer of the first call with this key, if that call came to a session. Questions and refusals leave none and are asked anew. */
export async function replay(
  ctx: GuardContext,
  key: IdempotencyKey | undefined,
  sql: Sql,
): Promise<StartOutcome | undefined> {
  const stored = await storedAnswer(ctx, key, sql);
  return stored === undefined ? undefined : await retell(ctx, stored);
}

/** A stored answer as it was first given. */
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

/** The same key with another request is refused. */
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

/** Something that is done once for a key, what is kept of its answer, and how that is told again. */
export type Once<Answer> = {
  readonly response: object;
  readonly write: (db: Database['kysely']) => Promise<Answer>;
  readonly retell: (stored: object) => Answer;
};

/** Does something once for a key, however often and by however many it is asked for. */
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

/** Makes something that has an id, once for a key. */
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
