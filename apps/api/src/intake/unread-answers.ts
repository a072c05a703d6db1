import type { ServerResponse } from 'node:http';
import { PhaselockError } from '@phaselock/core';

export type UnreadAnswers = {
  /** Throws, with the time of a retry, while the caller has too many bytes of earlier answers unread. */
  demandRead(callerId: string): void;
  /** Counts a written answer until its client has read it or has left. */
  written(callerId: string, response: ServerResponse): void;
};

/** The size of eight of the largest pages. */
const MAX_UNREAD_BYTES = 64 * 1_024 * 1_024;
/** A client that keeps reading has taken much of its answers by then. */
const RETRY_AFTER_MS = 5_000;

/** Bounds the memory that unread answers of one caller take, however many connections it has. */
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
        detail: `${bytes} bytes of answers to this key or subject are unread, the limit is ${maxBytes}: read them first`,
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
