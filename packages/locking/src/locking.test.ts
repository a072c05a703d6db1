import { parseTaskId } from '@phaselock/core';
import { describe, expect, test, vi } from 'vitest';
import { deadlineIn } from './deadline.ts';
import { LockTimeout } from './lock-errors.ts';
import { createLocking } from './locking.ts';
import { optimisticLock } from './optimistic-lock.ts';
import { type OpenLocked, pessimisticLock } from './pessimistic-lock.ts';
import type { LockStrategy } from './slot-lock.ts';

const taskId = parseTaskId('10000000-0000-7000-8000-000000000001');
if (taskId === undefined) throw new Error('not a task id');
const slot = { taskId, phase: 'run', mode: 'standard' } as const;
/** The deadline of one operation. */
const endless = () => deadlineIn(60_000, () => 0);

class Moved extends Error {}
class LeftOut extends Error {}

function observedLocking(open: OpenLocked<string, string> = neverOpened, now = () => 0) {
  const seen: string[] = [];
  const held: [LockStrategy, number][] = [];
  const note = (what: string) => (strategy: LockStrategy) => void seen.push(`${what} ${strategy}`);
  const locking = createLocking<string, string>({
    locks: {
      pessimistic: pessimisticLock(open, {
        holdMs: 5_000,
        contended: () => note('waited')('pessimistic'),
        isLeftOut: (error) => error instanceof LeftOut,
      }),
      optimistic: optimisticLock(),
      redis: optimisticLock(),
    },
    observer: {
      acquired: note('acquired'),
      held: (strategy, seconds) => void held.push([strategy, seconds]),
      contended: note('contended'),
      timedOut: note('timed out'),
      retried: note('retried'),
    },
    retry: { maxAttempts: 3, baseDelayMs: 1, maxDelayMs: 1 },
    random: () => 0,
    sleep: async () => undefined,
    now,
    isRetryable: (error) => error instanceof Moved,
    isLockTimeout: () => false,
    isContention: (error) => error instanceof Moved,
  });
  return { locking, seen, held };
}

const neverOpened = async (): Promise<never> => {
  throw new Error('unexpected open');
};

function lockedSlot(waited = false) {
  const ended: string[] = [];
  const bounds: unknown[] = [];
  const open: OpenLocked<string, string> = async (_slot, given) => {
    bounds.push(given);
    return {
      state: 'state',
      writer: 'writer',
      waited,
      foundInMs: 3,
      commit: async () => void ended.push('commit'),
      rollback: async () => void ended.push('rollback'),
    };
  };
  return { open, ended, bounds };
}

describe('withSlot', () => {
  test('passes the state and the writer of the row lock to the work, and commits', async () => {
    const { open, ended } = lockedSlot();
    const { locking, seen } = observedLocking(open);
    const held = await locking.withSlot(slot, 'pessimistic', endless(), async (given) => given);
    expect(held).toEqual({ kind: 'locked', state: 'state', writer: 'writer', foundInMs: 3 });
    expect(ended).toEqual(['commit']);
    expect(seen).toEqual(['acquired pessimistic']);
  });

  test('rolls back if the work fails, and the next caller gets the slot', async () => {
    const { open, ended } = lockedSlot();
    const { locking } = observedLocking(open);
    const failing = locking.withSlot(slot, 'pessimistic', endless(), () => Promise.reject(new Error('work failed')));
    await expect(failing).rejects.toThrow('work failed');
    expect(ended).toEqual(['rollback']);
    expect(await locking.withSlot(slot, 'optimistic', endless(), async () => 'next')).toBe('next');
  });

  test('counts contention after a lock wait, a lost race or a wait in the queue', async () => {
    const { open } = lockedSlot(true);
    const { locking, seen } = observedLocking(open);
    await locking.withSlot(slot, 'pessimistic', endless(), async () => 'done');
    expect(seen.splice(0)).toEqual(['waited pessimistic', 'acquired pessimistic']);

    let tried = 0;
    await locking.withSlot(slot, 'optimistic', endless(), async () => {
      tried += 1;
      if (tried === 1) throw new Moved();
    });
    // A further try counts as a retry, not as a second acquisition.
    expect(seen.splice(0)).toEqual(['acquired optimistic', 'contended optimistic', 'retried optimistic']);

    const first = Promise.withResolvers<void>();
    const both = [
      locking.withSlot(slot, 'optimistic', endless(), () => first.promise),
      locking.withSlot(slot, 'redis', endless(), async () => undefined),
    ];
    first.resolve();
    await Promise.all(both);
    expect(seen.filter((what) => what.startsWith('contended'))).toEqual(['contended redis']);
  });

  test('reports for each try how long it held the lock until the release', async () => {
    let ms = 0;
    const pass = async (more: number): Promise<void> => {
      ms += more;
    };
    const open: OpenLocked<string, string> = async () => {
      await pass(1_000);
      const [commit, rollback] = [() => pass(10), () => pass(20)];
      return { state: 'state', writer: 'writer', waited: false, foundInMs: 1_000, commit, rollback };
    };
    const { locking, held } = observedLocking(open, () => ms);
    let tried = 0;
    await locking.withSlot(slot, 'pessimistic', endless(), async () => {
      await pass(100);
      tried += 1;
      if (tried === 1) throw new Moved();
    });
    expect(held.splice(0)).toEqual([
      ['pessimistic', 0.12],
      ['pessimistic', 0.11],
    ]);
    await locking.withSlot(slot, 'optimistic', endless(), () => pass(5));
    expect(held.splice(0)).toEqual([['optimistic', 0.005]]);
  });

  test('reports no hold time if it never obtained the lock', async () => {
    const { locking, held } = observedLocking();
    await expect(locking.withSlot(slot, 'pessimistic', endless(), async () => 'done')).rejects.toThrow('unexpected');
    expect(held).toEqual([]);
  });

  test('takes no lock if afterWait returns a result after a wait in the queue', async () => {
    const { locking, seen } = observedLocking();
    const first = Promise.withResolvers<string>();
    const work = () => first.promise;
    const settled = async (): Promise<string | undefined> => 'settled';
    const outcomes = [
      locking.withSlot(slot, 'optimistic', endless(), work, settled),
      locking.withSlot(slot, 'pessimistic', endless(), work, settled),
    ];
    first.resolve('worked');
    expect(await Promise.all(outcomes)).toEqual(['worked', 'settled']);
    expect(seen).not.toContain('acquired pessimistic');
  });

  test('bounds its lock wait so that time is left for the answer', async () => {
    const { open, bounds } = lockedSlot();
    const { locking } = observedLocking(open);
    const deadline = deadlineIn(600, () => 0);
    await locking.withSlot(slot, 'pessimistic', deadline, async () => 'done');
    expect(bounds).toEqual([{ waitMs: 540, holdMs: 5_000, alone: false }]);
  });

  test('runs the work again in a transaction of its own if a shared one left it out', async () => {
    const { open, bounds, ended } = lockedSlot();
    const { locking, seen } = observedLocking(open);
    let tries = 0;
    const outcome = await locking.withSlot(slot, 'pessimistic', endless(), async () => {
      tries += 1;
      if (tries === 1) throw new LeftOut();
      return 'done';
    });
    expect(outcome).toBe('done');
    expect(bounds).toMatchObject([{ alone: false }, { alone: true }]);
    expect(ended).toEqual(['rollback', 'commit']);
    expect(seen).not.toContain('retried pessimistic');
  });

  test('times out in the queue while time is left for the answer', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    try {
      const { locking, seen } = observedLocking();
      const first = Promise.withResolvers<void>();
      const inside = locking.withSlot(slot, 'optimistic', endless(), () => first.promise);
      const deadline = deadlineIn(5_000, () => performance.now());
      const queued = expect(locking.withSlot(slot, 'redis', deadline, async () => 'late')).rejects.toBeInstanceOf(
        LockTimeout,
      );
      vi.advanceTimersToNextTimer();
      await queued;
      expect([deadline.waitMs(), deadline.remainingMs()]).toEqual([0, 500]);
      expect(seen.filter((what) => what.endsWith('redis'))).toEqual(['contended redis', 'timed out redis']);
      first.resolve();
      await inside;
    } finally {
      vi.useRealTimers();
    }
  });

  test('counts one acquisition if the same operation takes the slot again', async () => {
    const { locking, seen } = observedLocking();
    const operation = endless();
    await locking.withSlot(slot, 'optimistic', operation, async () => 'lost');
    await locking.withSlot(slot, 'optimistic', operation, async () => 'won');
    await locking.withSlot(slot, 'optimistic', endless(), async () => 'another');
    expect(seen).toEqual(['acquired optimistic', 'acquired optimistic']);
  });

  test('counts one acquisition for all tries of the work, and one retry fewer than tries', async () => {
    const { locking, seen } = observedLocking();
    const losing = locking.withSlot(slot, 'optimistic', endless(), () => Promise.reject(new Moved()));
    await expect(losing).rejects.toBeInstanceOf(Moved);
    const times = (what: string) => seen.filter((one) => one === `${what} optimistic`).length;
    expect([times('acquired'), times('contended'), times('retried')]).toEqual([1, 3, 2]);
  });

  test('counts a time-out if no time is left for a retry', async () => {
    const { locking, seen } = observedLocking();
    const noTime = deadlineIn(0, () => 0);
    const failing = locking.withSlot(slot, 'optimistic', noTime, () => Promise.reject(new Moved()));
    await expect(failing).rejects.toBeInstanceOf(LockTimeout);
    expect(seen).toContain('timed out optimistic');
  });
});
