import type { WorkerProcess } from './worker-process.ts';

type Leaving = Pick<WorkerProcess, 'ready' | 'gone'>;

type Turns = {
  /** Counts the worker as serving from when it is ready until it may leave or has ended. */
  enter(worker: Leaving): void;
  /** Resolves once another worker is serving. If the last one left, the shared port would be released. */
  mayLeave(worker: Leaving): Promise<void>;
};

/** Orders workers that are told to end individually: the last one serves until a replacement is ready. */
export function leaveInTurn(): Turns {
  const serving = new Set<Leaving>();
  const waiting = new Map<Leaving, () => void>();
  const letGo = (): void => {
    for (const [worker, go] of waiting) {
      if (serving.has(worker) && serving.size === 1) continue;
      serving.delete(worker);
      waiting.delete(worker);
      go();
    }
  };
  return {
    enter: (worker) => {
      const enters = (): void => {
        serving.add(worker);
        letGo();
      };
      worker.ready.then(enters, () => undefined);
      void worker.gone.then(() => {
        serving.delete(worker);
        letGo();
      });
    },
    mayLeave: (worker) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.set(worker, resolve);
      letGo();
      return promise;
    },
  };
}
