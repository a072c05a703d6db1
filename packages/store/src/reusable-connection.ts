import type { Connection } from './connection.ts';
import { isRolledBack } from './together/is-rolled-back.ts';
import { UnstorableText } from './unstorable-text.ts';

/**
 * Whether the connection can be reused after an error. It can after an error that the server sent, or that was raised
 * before anything was sent; any other error may leave it half-open. A connection with a stale plan, prepared before a
 * migration, is closed, because the statement would fail on it again.
 */
export function leavesUsable(error: unknown): boolean {
  if (error instanceof UnstorableText) return true;
  return isRolledBack(error) && !(error instanceof Error && 'code' in error && error.code === STALE_PLAN);
}

export const releaseAfter = (connection: Connection, error: unknown): void => connection.release(!leavesUsable(error));

const STALE_PLAN = '0A000';
