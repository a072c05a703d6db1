import type { WorkerProcess } from './worker-process.ts';

type Leaving = Pick<WorkerProcess, 'ready' | 'gone'>;

type Turns = {
  /** It serves from when it is ready until it may leave, or is gone. */
  enter(worker: Leaving): void;
  /** Resolves once it may: at once while another one serves, else when one does. The port would be given back with the last one. */
  mayLeave(worker: Leaving): Promise<void>;
};

/** Of workers that are all told to end by hand, the last one serves until the place of another is taken again. */
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
