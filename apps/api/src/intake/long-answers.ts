import type { ServerResponse } from 'node:http';
import { PhaselockError } from '@phaselock/core';
import type { HttpTelemetry, LongAnswer } from '@phaselock/telemetry';

export type LongAnswers = {
  /** Takes a place for an answer until its response is closed; refuses when its caller, or all of them, have as many open as they may. */
  take(kind: LongAnswer, callerId: string, response: ServerResponse): void;
  open(kind: LongAnswer): number;
};

export type LongAnswerBounds = Readonly<Record<LongAnswer, { readonly total: number; readonly perCaller: number }>>;

/** Streams and downloads end when somebody else wants it, so the next one is not soon; a place may be free at any moment. */
const RETRY_AFTER_MS = 5_000;

const CURES: Readonly<Record<LongAnswer, string>> = {
  changes: 'close those that are not needed any more, or follow a project instead of each of its tasks',
  download: 'read those to their end first',
};
const NAMES: Readonly<Record<LongAnswer, string>> = { changes: 'change streams', download: 'downloads' };

/**
 * Answers that stay open as long as their client likes. Each has a place, and no caller can take all of them: what is left is for the others.
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
          detail: `${own} ${NAMES[kind]} of this key or subject are open, and ${perCaller} may be: ${CURES[kind]}`,
          retryAfterMs: RETRY_AFTER_MS,
        });
      }
      if (open(kind) >= total) {
        refused(kind, 'total');
        throw new PhaselockError('overloaded', { detail: `too many ${NAMES[kind]}` });
      }
      // The client left before: no 'close' will come, and the place would be taken for good.
      if (response.destroyed) return;
      count(kind, callerId, 1);
      response.once('close', () => count(kind, callerId, -1));
    },
  };
}
