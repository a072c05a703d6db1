import type { Judging } from './judging.ts';
import { isLater, type KnownProcess, successorOf } from './memory.ts';
import { textAt } from './read.ts';
import type { Seen } from './seen.ts';
import { aboutSlot } from './slot-story.ts';

/** Tolerance: lease and start time both come from the database's clock, but from different moments of a transaction. */
const CLOCK_SLACK_MS = 50;

/**
 * Promise 2: after a client was told that a later process began, a heartbeat of an earlier one never returns
 * `continue`.
 */
export function judgeHeartbeat({ book, memory }: Judging, seen: Seen): void {
  if (seen.operation !== 'heartbeat' || textAt(seen.answer, 'outcome') !== 'continue') return;
  const process = memory.processes.get(seen.asking.params?.processId ?? '');
  if (process === undefined) return;
  const wrong = (promise: string, why: string, ...more: string[]): void =>
    book.complain({
      promise: `2 ${promise}`,
      step: seen.step,
      what: `heartbeat of ${process.id} returns continue, though ${why}`,
      about: aboutSlot(memory, process.slot, process.sessionId, ...more),
    });
  const successor = successorOf(memory, process, seen.sent);
  if (successor !== undefined)
    wrong(
      'heartbeat continues after a later process began',
      `${successor.id} began at ${successor.begun}`,
      successor.sessionId,
    );
  if (process.overSince !== undefined && process.overSince < seen.sent)
    wrong('heartbeat continues after the process ended', `it ended at ${process.overSince}`);
  const stop = memory.sessions
    .get(process.sessionId)
    ?.stops.find(({ sent, answered }) => process.begun < sent && answered < seen.sent);
  if (stop !== undefined) wrong('heartbeat continues in a stopped session', `it was stopped at ${stop.answered}`);
}

/**
 * Promise 2 as well: no process begins while another one of its slot holds a lease that was returned before the call
 * was sent.
 */
export function judgeBeginning({ book, memory, leaseMs }: Judging, seen: Seen): void {
  const begun = memory.processes.get(textAt(seen.answer, 'processId') ?? '');
  if (seen.operation !== 'startTurn' || begun === undefined || begun.begun !== seen.answered) return;
  const beganAt = begun.leaseUntil - leaseMs;
  for (const other of memory.processesBySlot.get(begun.slot) ?? []) {
    if (!isLater(begun, other) || !holdsLease(memory.ending, other, seen.sent, beganAt)) continue;
    book.complain({
      promise: '2 process began while another held a lease',
      step: seen.step,
      what: `${begun.id} began ${other.leaseUntil - beganAt} ms before the lease of ${other.id} lapses`,
      about: aboutSlot(memory, begun.slot, other.sessionId),
    });
  }
}

const holdsLease = (ending: ReadonlyMap<string, number>, process: KnownProcess, sent: number, now: number): boolean =>
  process.leaseTold < sent &&
  process.endSent === undefined &&
  (ending.get(process.id) ?? 0) === 0 &&
  process.leaseUntil > now + CLOCK_SLACK_MS;
