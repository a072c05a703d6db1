import { AsyncLocalStorage } from 'node:async_hooks';
import type { Deadline } from '@phaselock/locking';

/**
 * Whose time it is. It goes along with what is awaited, so that every statement knows how long its caller still waits, however many operations the
 * caller's request takes and however deep in them the statement is.
 */
export type CallerTime = {
  /** Undefined where nobody waits: in a sweep, in what is read for all callers, and in what goes on after the answer. */
  current(): Deadline | undefined;
  /** Until the work ends, or until `isAnswered`. */
  run<T>(deadline: Deadline, work: () => Promise<T>, isAnswered?: () => boolean): Promise<T>;
  /** In nobody's time: what is read for all callers must not fail because the one who happened to need it first has little time left. */
  detached<T>(work: () => Promise<T>): Promise<T>;
};

type Span = { readonly deadline: Deadline; readonly isOver: () => boolean };

export function createCallerTime(): CallerTime {
  const storage = new AsyncLocalStorage<Span>();
  return {
    current() {
      const span = storage.getStore();
      return span === undefined || span.isOver() ? undefined : span.deadline;
    },
    async run(deadline, work, isAnswered = () => false) {
      let ended = false;
      // A timer that was set meanwhile goes off in this span: by then it is over.
      const isOver = (): boolean => ended || isAnswered();
      try {
        return await storage.run({ deadline, isOver }, work);
      } finally {
        ended = true;
      }
    },
    detached: (work) => storage.exit(work),
  };
}
