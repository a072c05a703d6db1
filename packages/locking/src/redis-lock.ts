import { slotName } from '@phaselock/core';
import type { Deadline } from './deadline.ts';
import { LockAborted, LockTimeout } from './lock-errors.ts';
import type { SlotLock } from './slot-lock.ts';

/** The two commands that the lock needs, so that any client can be used. */
export type RedisCommands = {
  /** SET key token NX PX ttl; true when the key was free. */
  acquire(key: string, token: string, ttlMs: number): Promise<boolean>;
  /** Deletes the key only while it still holds the token. */
  release(key: string, token: string): Promise<void>;
};

export type RedisLockTools = {
  readonly redis: RedisCommands;
  readonly holdMs: number;
  /** Redis slower than this counts as down. */
  readonly commandTimeoutMs: number;
  readonly token: () => string;
  readonly random: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  readonly contended: () => void;
};

/**
 * A lease in Redis reduces collisions between processes. It does not guarantee exclusion, because a paused holder
 * outlives its lease. Safety depends only on PostgreSQL's generation check, so without Redis the work runs without a
 * lease.
 */
export function redisLock<State, Writer>(tools: RedisLockTools): SlotLock<State, Writer> {
  return async (slot, deadline, work) => {
    const key = `phaselock:lock:${slotName(slot)}`;
    const token = tools.token();
    const held = await acquire(tools, key, token, deadline);
    try {
      return await work({ kind: 'free' });
    } finally {
      if (held) await orGiveUp(tools.redis.release(key, token), tools.commandTimeoutMs);
    }
  };
}

async function acquire(tools: RedisLockTools, key: string, token: string, deadline: Deadline): Promise<boolean> {
  for (let tried = 0; ; tried += 1) {
    const asked = tools.redis.acquire(key, token, tools.holdMs);
    const answer = await orGiveUp(asked, tools.commandTimeoutMs);
    if (answer === undefined) {
      releaseIfLate(tools, key, token, asked);
      return false;
    }
    if (answer) return true;
    if (tried === 0) tools.contended();
    const delay = tools.random() * Math.min(50, 2 ** (tried + 1));
    if (delay >= deadline.waitMs()) throw new LockTimeout('the lease in Redis could not be acquired in time');
    if (deadline.signal?.aborted) throw new LockAborted();
    await tools.sleep(delay);
  }
}

/** Releases a lease that is granted after the time-out; otherwise it would block all callers until it expires. */
function releaseIfLate({ redis }: RedisLockTools, key: string, token: string, asked: Promise<boolean>): void {
  asked.then((held) => (held ? redis.release(key, token) : undefined)).catch(() => undefined);
}

async function orGiveUp<T>(command: Promise<T>, timeoutMs: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), timeoutMs);
  });
  try {
    return await Promise.race([command.catch(() => undefined), timeout]);
  } finally {
    clearTimeout(timer);
  }
}
