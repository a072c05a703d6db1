import type { Logger } from '@phaselock/telemetry';

const QUIET_MS = 60_000;

/**
 * Logs each distinct error at most once a minute, with its count. While the database is down, every poll of every queue
 * fails, twice a second.
 */
export function reportQueueErrors(logger: Pick<Logger, 'error'>, now: () => number): (error: unknown) => void {
  const met = new Map<string, { since: number; times: number }>();
  return (error) => {
    const message = messageOf(error);
    const before = met.get(message);
    if (before !== undefined && now() - before.since < QUIET_MS) {
      before.times += 1;
      return;
    }
    met.set(message, { since: now(), times: 0 });
    logger.error(
      {
        'event.action': 'purge-queue-failed',
        'error.message': message,
        'phaselock.purge.times': (before?.times ?? 0) + 1,
      },
      `the queue: ${message}`,
    );
  };
}

/**
 * The message of an error. The queue passes copies that are no longer instances of Error; a refused connection may
 * arrive as an AggregateError.
 */
function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return messageOf(error.errors[0]);
  const message: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, 'message') : error;
  if (typeof message === 'string' && message !== '') return message;
  const code: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, 'code') : undefined;
  return typeof code === 'string' ? code : 'an error without a message';
}
