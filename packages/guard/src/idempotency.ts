import { createHash } from 'node:crypto';
import { PhaselockError, parseSessionId, type SessionId } from '@phaselock/core';
import {
  type Database,
  type IdempotencyRow,
  readIdempotentResponse,
  type Sql,
  withIdempotencyKey,
} from '@phaselock/store';
import type { GuardContext } from './context.ts';
import { isIdempotencyRace } from './failures.ts';
import { findBirth } from './own-birth.ts';
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

/** The answer of the first call with this key, if that call had an effect. Questions and refusals leave none and are asked anew. */
export async function replay(
  ctx: GuardContext,
  key: IdempotencyKey | undefined,
  sql: Sql,
): Promise<StartOutcome | undefined> {
  const stored = await storedAnswer(ctx, key, sql);
  return stored === undefined ? undefined : await findBirth(ctx, parsed(stored, 'session_id', parseSessionId));
}

export async function storedAnswer(
  ctx: GuardContext,
  key: IdempotencyKey | undefined,
  sql: Sql,
): Promise<object | undefined> {
  if (key === undefined) return undefined;
  const found = await readIdempotentResponse(sql, key.scope, key.key);
  if (found === undefined) return undefined;
  if (found.request_hash !== hash(key)) throw new PhaselockError('idempotency_key_reused');
  if (typeof found.response !== 'object' || found.response === null) throw new TypeError('a stored response is empty');
  ctx.telemetry.replayed();
  return found.response;
}

export function parsed<Id>(stored: object, name: string, parse: (text: string) => Id | undefined): Id {
  const value: unknown = Reflect.get(stored, name);
  const id = typeof value === 'string' ? parse(value) : undefined;
  if (id === undefined) throw new TypeError(`a stored response has no ${name}`);
  return id;
}

/** Makes something once for a key, however often and by however many it is asked for. */
export async function makeOnce<Id extends string>(
  ctx: GuardContext,
  key: IdempotencyKey | undefined,
  parse: (text: string) => Id | undefined,
  { id, insert }: { readonly id: Id; readonly insert: (db: Database['kysely']) => Promise<void> },
): Promise<Id> {
  const { kysely } = ctx.database;
  if (key === undefined) {
    await insert(kysely);
    return id;
  }
  const before = await storedAnswer(ctx, key, ctx.database);
  if (before !== undefined) return parsed(before, 'id', parse);
  try {
    await withIdempotencyKey(kysely, { ...keyRow(key), response: { id } }, insert);
    return id;
  } catch (error) {
    const twin = isIdempotencyRace(error) ? await storedAnswer(ctx, key, ctx.database) : undefined;
    if (twin === undefined) throw error;
    return parsed(twin, 'id', parse);
  }
}
