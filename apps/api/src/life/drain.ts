import type { Server } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { Readiness } from './readiness.ts';

type Draining = {
  readonly server: Server;
  readonly closeUnused: () => void;
  readonly readiness: Pick<Readiness, 'drain'>;
  /** Streams would never end by themselves. */
  readonly endStreams: () => void;
  readonly delayMs: number;
  readonly timeoutMs: number;
};

const SWEEP_MS = 20;

/**
 * Not ready → the balancer looks elsewhere → no new connections, and the open ones told to close → requests in flight finish, or are cut at
 * the deadline. Resolves when the last connection is gone; true when nothing had to be cut.
 */
export async function drain({
  server,
  closeUnused,
  readiness,
  endStreams,
  delayMs,
  timeoutMs,
}: Draining): Promise<boolean> {
  readiness.drain();
  if (delayMs > 0) await pause(delayMs);
  // Whoever keeps a connection alive is told with the next answer that it ends here.
  server.prependListener('request', (_request, response) => response.setHeader('Connection', 'close'));
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  endStreams();
  // The connection of an answer that was on its way already is idle afterwards, and nothing else would close it.
  const sweep = setInterval(closeUnused, SWEEP_MS);

  let cut = false;
  const deadline = setTimeout(() => {
    cut = true;
    server.closeAllConnections();
  }, timeoutMs);
  await closed;
  clearTimeout(deadline);
  clearInterval(sweep);
  return !cut;
}
