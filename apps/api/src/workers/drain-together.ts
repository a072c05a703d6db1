import { setTimeout as pause } from 'node:timers/promises';
import type { Config } from '../config/read-config.ts';
import type { FromWorker } from './messages.ts';
import type { WorkerProcess } from './worker-process.ts';

/** A worker that is stopped does not hold the others up for longer than this. */
const AT_MOST_MS = 2_000;

/**
 * All hold their requests before one stops listening, and all have stopped before one answers: a client that is told to close its connection would
 * come back to a worker that goes a moment later.
 */
export async function drainTogether(
  workers: readonly WorkerProcess[],
  { drainDelayMs }: Pick<Config, 'drainDelayMs'>,
): Promise<void> {
  const serving = workers.filter((worker) => worker.isReady());
  // One that is still starting serves nobody.
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
