import type { Deadline } from './deadline.ts';
import { LockAborted, LockTimeout } from './lock-errors.ts';

/**
 * The in-process queue of each slot: admits one writer at a time, in order of arrival. Correctness does not depend on
 * it; PostgreSQL ensures that. It keeps the waiters of a busy slot from filling the connection pool, and lets them
 * decide on the state that was just written.
 */
export type Turnstile = {
  /** Waits for the caller's turn; resolves to a function that admits the next caller. */
  enter(key: string, deadline: Deadline): Promise<() => void>;
  /** Whether a caller is inside, so that contention can be counted. */
  isTaken(key: string): boolean;
};

type Waiter = { readonly admit: () => void };

export function createTurnstile(): Turnstile {
  const queues = new Map<string, Waiter[]>();

  const leave = (key: string): void => {
    const queue = queues.get(key);
    const next = queue?.shift();
    if (next === undefined) queues.delete(key);
    else next.admit();
  };

  return {
    isTaken: (key) => queues.has(key),
    async enter(key, deadline) {
      if (deadline.signal?.aborted) throw new LockAborted();
      const queue = queues.get(key);
      if (queue === undefined) queues.set(key, []);
      else await wait(queue, deadline);
      let inside = true;
      return () => {
        if (inside) leave(key);
        inside = false;
      };
    },
  };
}

function wait(queue: Waiter[], deadline: Deadline): Promise<void> {
  return new Promise((resolve, reject) => {
    const { signal } = deadline;
    const settle = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    };
    const giveUp = (error: Error): void => {
      settle();
      queue.splice(queue.indexOf(waiter), 1);
      reject(error);
    };
    const waiter: Waiter = {
      admit: () => {
        settle();
        resolve();
      },
    };
    const abort = (): void => giveUp(new LockAborted());
    const timer = setTimeout(() => giveUp(new LockTimeout()), deadline.waitMs());
    signal?.addEventListener('abort', abort, { once: true });
    queue.push(waiter);
  });
}
