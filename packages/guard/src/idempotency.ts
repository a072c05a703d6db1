import { createHash } from 'node:crypto';
import { PhaselockError, parseSessionId, type SessionId } from '@phaselock/core';
import { type IdempotencyRow, readIdempotentResponse, type Sql } from '@phaselock/store';
import type { GuardContext } from './context.ts';
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

export function idempotencyRow(key: IdempotencyKey | undefined, sessionId: SessionId): IdempotencyRow | null {
  if (key === undefined) return null;
  return { scope: key.scope, key: key.key, requestHash: hash(key), response: { session_id: sessionId } };
}

/** The answer of the first call with this key, if that call had an effect. Questions and refusals leave none and are asked anew. */
export async function replay(
  ctx: GuardContext,
  key: IdempotencyKey | undefined,
  sql: Sql,
): Promise<StartOutcome | undefined> {
  if (key === undefined) return undefined;
  const found = await readIdempotentResponse(sql, key.scope, key.key);
  if (found === undefined) return undefined;
  if (found.request_hash !== hash(key)) throw new PhaselockError('idempotency_key_reused');
  ctx.telemetry.replayed();
  return await findBirth(ctx, storedSessionId(found.response));
}

function storedSessionId(response: unknown): SessionId {
  const stored =
    typeof response === 'object' && response !== null && 'session_id' in response ? response.session_id : undefined;
  const id = typeof stored === 'string' ? parseSessionId(stored) : undefined;
  if (id === undefined) throw new TypeError('a stored response names no session');
  return id;
}
