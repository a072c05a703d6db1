import type { Worker } from 'node:cluster';
import type { Together } from '../life/drain.ts';
import { type FromWorker, readToWorker } from './messages.ts';

export type PrimaryLink = {
  tell(message: FromWorker): void;
  /** From now on a lost primary is no reason to end at once: what is in flight is answered. */
  outlivePrimary(afterMs: number): void;
  /** How this worker is to end: with the program, or alone. */
  readonly ending: Promise<'drain' | 'leave'>;
  readonly together: Together;
  /** Nothing is said any more. */
  close(): void;
};

const LOOK_EVERY_MS = 5;

/** The worker's end of the line to the primary. That breaks when the primary is gone, in whatever way. */
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
  // A terminal sends this one to all processes of the program; the primary says what follows of it.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => (process.connected ? tell({ is: 'told-to-end' }) : ending.resolve('leave')));
  return {
    tell,
    outlivePrimary: (afterMs) => {
      worker.once('disconnect', () => {
        // Else Node ends the process now.
        worker.exitedAfterDisconnect = true;
        for (const waiting of [mayStop, mayAnswer]) waiting.resolve();
        ending.resolve('leave');
        setTimeout(() => process.kill(process.pid, 'SIGKILL'), afterMs).unref();
      });
      // It may have gone meanwhile.
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
