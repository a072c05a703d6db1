import { once } from 'node:events';
import type { ServerResponse } from 'node:http';

type Taking = {
  readonly stalledAfterMs: number;
  /** Called when a client is disconnected. */
  readonly cut: () => void;
};

/** `signal` is aborted when the client disconnects. */
export type WriteTaken = (response: ServerResponse, part: string | Uint8Array, signal: AbortSignal) => Promise<void>;

/**
 * Writes a part and waits until the client has received it, so that a long download needs little memory. A client that
 * receives nothing for `stalledAfterMs` is disconnected; its incomplete download is then recognisable as such.
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
      // The client disconnected; the caller sees this by the signal.
    } finally {
      clearTimeout(stalled);
    }
  };
