import type { ServerResponse } from 'node:http';
import { PhaselockError } from '@phaselock/core';
import type { HttpTelemetry, LongAnswer } from '@phaselock/telemetry';

/** Counts the open long answers: change streams and downloads. */
export type LongAnswers = {
  /**
   * Counts an answer as open until its response is closed. Throws when its caller, or all callers together, have
   * reached the bound.
   */
  take(kind: LongAnswer, callerId: string, response: ServerResponse): void;
  open(kind: LongAnswer): number;
};

export type LongAnswerBounds = Readonly<Record<LongAnswer, { readonly total: number; readonly perCaller: number }>>;

/** Streams and downloads stay open for long, so an immediate retry would rarely succeed. */
const RETRY_AFTER_MS = 5_000;

const CURES: Readonly<Record<LongAnswer, string>> = {
  changes: 'close those that are no longer needed, or follow a project instead of each of its tasks',
  download: 'read the open ones to their end first',
};
const NAMES: Readonly<Record<LongAnswer, string>> = { changes: 'change streams', download: 'downloads' };

/**
 * Bounds the answers that stay open as long as their client likes: in total, and for each caller, so that no caller can
 * take all of them.
 */
export function longAnswers(bounds: LongAnswerBounds, refused: HttpTelemetry['refused']): LongAnswers {
  const places = { changes: new Map<string, number>(), download: new Map<string, number>() };
  const open = (kind: LongAnswer): number => [...places[kind].values()].reduce((sum, count) => sum + count, 0);
  const count = (kind: LongAnswer, callerId: string, by: 1 | -1): void => {
    const now = (places[kind].get(callerId) ?? 0) + by;
    if (now === 0) places[kind].delete(callerId);
    else places[kind].set(callerId, now);
  };
  return {
    open,
    take(kind, callerId, response) {
      const { total, perCaller } = bounds[kind];
      const own = places[kind].get(callerId) ?? 0;
      if (own >= perCaller) {
        refused(kind, 'caller');
        throw new PhaselockError('too_many_open_answers', {
          detail: `${own} ${NAMES[kind]} of this key or subject are open, the limit is ${perCaller}: ${CURES[kind]}`,
          retryAfterMs: RETRY_AFTER_MS,
        });
      }
      if (open(kind) >= total) {
        refused(kind, 'total');
        throw new PhaselockError('overloaded', { detail: `too many ${NAMES[kind]}` });
      }
      // The client has already left: no 'close' event will come, so the answer would count as open for ever.
      if (response.destroyed) return;
      count(kind, callerId, 1);
      response.once('close', () => count(kind, callerId, -1));
    },
  };
}
