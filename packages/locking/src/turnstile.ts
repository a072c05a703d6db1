import type { Deadline } from './deadline.ts';
import { LockAborted, LockTimeout } from './lock-errors.ts';

/**
 * One writer at a time for each slot within this process, first come first served. It makes nothing correct that was not: PostgreSQL does
 * that. It keeps a hot slot from filling the connection pool with waiters, and lets those who waited decide on what was just written.
 */
export type Turnstile = {
  /** Resolves to a function that lets the next one in. */
  enter(key: string, deadline: Deadline): Promise<() => void>;
  /** Whether anyone is inside, so that contention can be counted. */
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
