import type { IncomingMessage } from 'node:http';
import type { RouteSpec } from '@phaselock/contract';
import { PhaselockError } from '@phaselock/core';
import type { IdempotencyKey } from '@phaselock/guard';

const KEY = /^[\x21-\x7e]{1,255}$/;

/**
 * The key is scoped to the caller, because two callers may choose the same one, and it is bound to the content of the
 * request.
 */
export function readIdempotencyKey(
  route: RouteSpec,
  { headers }: Pick<IncomingMessage, 'headers'>,
  { callerId, asked }: { readonly callerId: string; readonly asked: unknown },
): IdempotencyKey | undefined {
  const key = headers['idempotency-key'];
  if (route.takesIdempotencyKey !== true || key === undefined) return undefined;
  if (typeof key !== 'string' || !KEY.test(key)) {
    throw new PhaselockError('invalid_request', {
      detail: 'Idempotency-Key: 1 to 255 printable ASCII characters without spaces',
    });
  }
  return { scope: callerId, key, fingerprint: JSON.stringify([route.id, asked]) };
}

const VERSION = /^"(\d{1,9})"$/;
const SOME_ETAG = /^(W\/)?"[^"]*"$/;

/**
 * The version that a change requires; undefined accepts any (`*`). An entity tag in another format matches no version.
 */
export function readIfMatch(route: RouteSpec, { headers }: Pick<IncomingMessage, 'headers'>): number | undefined {
  const given = headers['if-match'];
  if (route.takesIfMatch !== true || given === undefined || given.trim() === '*') return undefined;
  const [, version] = VERSION.exec(given.trim()) ?? [];
  if (version !== undefined) return Number(version);
  if (SOME_ETAG.test(given.trim())) throw new PhaselockError('version_mismatch');
  throw new PhaselockError('invalid_request', { detail: 'If-Match: one entity tag from an ETag header, or *' });
}

export const etagOf = (version: number): string => `"${version}"`;
