import { once } from 'node:events';
import type { ServerResponse } from 'node:http';

type Taking = {
  readonly stalledAfterMs: number;
  /** Hears of a client that was cut. */
  readonly cut: () => void;
};

/** `signal` is aborted when the client has gone. */
export type WriteTaken = (response: ServerResponse, part: string | Uint8Array, signal: AbortSignal) => Promise<void>;

/**
 * Writes a part, and waits until the client has taken what was written: a download of any length is in bounded memory. A client that takes nothing
 * for so long is cut: its connection breaks, so what it has does not look whole.
 */
export const writeTaken =
  ({ stalledAfterMs, cut }: Taking): WriteTaken =>
  async (response, part, signal) => {
    if (response.write(part) || signal.aborted) return;
    const stalled = setTimeout(() => {
      cut();
      response.destroy();
    }, stalledAfterMs);
    try {
      await once(response, 'drain', { signal });
    } catch {
      // The client has gone, or was cut; the caller sees it by the signal.
    } finally {
      clearTimeout(stalled);
    }
  };
