import type { Worker } from 'node:cluster';
import type { Together } from '../life/drain.ts';
import { type FromWorker, readToWorker } from './messages.ts';

export type PrimaryLink = {
  tell(message: FromWorker): void;
  /** From now on the worker does not end at once if the primary dies, but answers the requests in flight first. */
  outlivePrimary(afterMs: number): void;
  /** How this worker must end: with the program, or alone. */
  readonly ending: Promise<'drain' | 'leave'>;
  readonly together: Together;
  /** Ends the connection to the primary. */
  close(): void;
};

const LOOK_EVERY_MS = 5;

/** The worker's connection to the primary. It breaks when the primary ends for any reason. */
export function openPrimaryLink(worker: Worker): PrimaryLink {
  const ending = Promise.withResolvers<'drain' | 'leave'>();
  const mayStop = Promise.withResolvers<void>();
  const mayAnswer = Promise.withResolvers<void>();
  const tell = (message: FromWorker): void => {
    if (process.connected) process.send?.(message, undefined, {}, () => undefined);
  };
  process.on('message', (message) => {
    const told = readToWorker(message);
    switch (told) {
      case 'are-you-there':
        return tell({ is: 'there' });
      case 'drain':
      case 'leave':
        return ending.resolve(told);
      case 'stop':
        return mayStop.resolve();
      case 'release':
        return mayAnswer.resolve();
      case undefined:
        return;
    }
  });
  // A terminal sends SIGINT to all processes; the worker waits for the primary's decision.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => (process.connected ? tell({ is: 'told-to-end' }) : ending.resolve('leave')));
  return {
    tell,
    outlivePrimary: (afterMs) => {
      worker.once('disconnect', () => {
        // Otherwise Node would end the process now.
        worker.exitedAfterDisconnect = true;
        for (const waiting of [mayStop, mayAnswer]) waiting.resolve();
        ending.resolve('leave');
        setTimeout(() => process.kill(process.pid, 'SIGKILL'), afterMs).unref();
      });
      // The primary may have ended in the meantime.
      if (!process.connected) ending.resolve('leave');
    },
    ending: ending.promise,
    together: {
      lookEveryMs: LOOK_EVERY_MS,
      held: () => {
        tell({ is: 'held' });
        return mayStop.promise;
      },
      stopped: () => {
        tell({ is: 'stopped' });
        return mayAnswer.promise;
      },
    },
    close: () => {
      worker.exitedAfterDisconnect = true;
      if (process.connected) process.disconnect();
    },
  };
}
