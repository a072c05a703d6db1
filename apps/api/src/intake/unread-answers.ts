import type { ServerResponse } from 'node:http';
import { PhaselockError } from '@phaselock/core';

export type UnreadAnswers = {
  /** Refuses the next call of a caller that has not read the answers to those before, and says when to try again. */
  demandRead(callerId: string): void;
  /** An answer was written; it counts until its client has taken it, or has gone. */
  written(callerId: string, response: ServerResponse): void;
};

/** Eight of the largest pages. */
const MAX_UNREAD_BYTES = 64 * 1_024 * 1_024;
/** A client that goes on reading has taken much of it by then. */
const RETRY_AFTER_MS = 5_000;

/** An answer that is not read stays in memory: what one caller can keep there is bounded, however many connections it has. */
export function unreadAnswers(maxBytes = MAX_UNREAD_BYTES): UnreadAnswers {
  const unread = new Map<string, number>();
  const add = (callerId: string, bytes: number): void => {
    const now = (unread.get(callerId) ?? 0) + bytes;
    if (now <= 0) unread.delete(callerId);
    else unread.set(callerId, now);
  };
  return {
    demandRead(callerId) {
      const bytes = unread.get(callerId) ?? 0;
      if (bytes < maxBytes) return;
      throw new PhaselockError('too_many_open_answers', {
        retryAfterMs: RETRY_AFTER_MS,
        detail: `${bytes} bytes of answers to this key or subject are not read yet, and ${maxBytes} may be: read them first`,
      });
    },
    written(callerId, response) {
      const bytes = response.writableLength;
      if (bytes === 0 || response.destroyed) return;
      add(callerId, bytes);
      let counts = true;
      const taken = (): void => {
        if (counts) add(callerId, -bytes);
        counts = false;
      };
      response.once('finish', taken).once('close', taken);
    },
  };
}
