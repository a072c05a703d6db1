import { AsyncLocalStorage } from 'node:async_hooks';
import type { Deadline } from '@phaselock/locking';

/**
 * The deadline of the current request, propagated through asynchronous calls. Every SQL statement can read how long its
 * caller still waits, however many operations the request runs and however deep the statement is in them.
 */
export type CallerTime = {
  /**
   * Undefined where no caller waits: in a background sweep, in a read shared by all callers, and in work that continues
   * after the answer.
   */
  current(): Deadline | undefined;
  /** Runs the work under the deadline, which applies until the work ends or `isAnswered` returns true. */
  run<T>(deadline: Deadline, work: () => Promise<T>, isAnswered?: () => boolean): Promise<T>;
  /**
   * Runs the work without a deadline. A read shared by all callers must not fail because the caller that triggered it
   * has little time left.
   */
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
      // A timer set by the work fires in the same async context, possibly after the work; the deadline is over by then.
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
