import { setTimeout as pause } from 'node:timers/promises';
import type { Config } from '../config/read-config.ts';
import type { FromWorker } from './messages.ts';
import type { WorkerProcess } from './worker-process.ts';

/** A stopped worker delays the others for at most this long. */
const AT_MOST_MS = 2_000;

/**
 * Shuts all workers down in step. All hold their requests before any stops listening, and all have stopped listening
 * before any responds. Otherwise a client whose connection is closed would reconnect to a worker that ends a moment
 * later.
 */
export async function drainTogether(
  workers: readonly WorkerProcess[],
  { drainDelayMs }: Pick<Config, 'drainDelayMs'>,
): Promise<void> {
  const serving = workers.filter((worker) => worker.isReady());
  // A worker that is still starting serves no requests.
  for (const worker of workers) if (!worker.isReady()) worker.kill();
  const tellAll = (is: 'drain' | 'stop' | 'release'): void => {
    for (const worker of serving) worker.tell(is);
  };
  const allHave = async (is: FromWorker['is'], ms: number): Promise<void> => {
    const all = Promise.all(serving.map((worker) => worker.heard(is)));
    await Promise.race([all, pause(ms, undefined, { ref: false })]);
  };
  const held = allHave('held', drainDelayMs + AT_MOST_MS);
  tellAll('drain');
  await held;
  const stopped = allHave('stopped', AT_MOST_MS);
  tellAll('stop');
  await stopped;
  tellAll('release');
}
