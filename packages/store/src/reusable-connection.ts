import type { Connection } from './connection.ts';
import type { Statement } from './sql.ts';
import { OutOfTime } from './time-left.ts';
import { UnstorableText } from './unstorable-text.ts';

const STALE_PLAN = '0A000';

const PING: Statement = { name: 'ping', text: 'select' };

/**
 * Whether the connection can be reused after an error. It can after an error that the server sent, or that was raised
 * before anything was sent; any other error may leave it half-open. A connection with a stale plan, prepared before a
 * migration, is closed, because the statement would fail on it again.
 */
export function leavesUsable(error: unknown): boolean {
  return error instanceof UnstorableText || (isRolledBack(error) && !isStalePlan(error));
}

export const releaseAfter = (connection: Connection, error: unknown): void => connection.release(!leavesUsable(error));

/** Whether the server reported that the statement failed, and keeps the connection open. */
const isRolledBack = (error: unknown): boolean =>
  error instanceof Error && 'severity' in error && error.severity === 'ERROR';

const isStalePlan = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === STALE_PLAN;

/**
 * Releases the connection of a statement that failed, and returns whether the statement certainly wrote nothing. A
 * server whose messages are in another language translates the severity as well. Then the connection tells whether the
 * error ended only the statement: it answers.
 */
export async function endAfter(connection: Connection, error: unknown): Promise<boolean> {
  const hasEnded = isRolledBack(error) || (isFromServer(error) && (await answers(connection)));
  connection.release(!(error instanceof UnstorableText || (hasEnded && !isStalePlan(error))));
  return hasEnded || error instanceof OutOfTime || error instanceof UnstorableText;
}

const isFromServer = (error: unknown): boolean => error instanceof Error && 'severity' in error && 'code' in error;

async function answers(connection: Connection): Promise<boolean> {
  try {
    await connection.query({ name: PING.name, text: PING.text });
    return true;
  } catch {
    return false;
  }
}
