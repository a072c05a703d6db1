import { type Deadline, deadlineIn, soonerOf } from '@phaselock/locking';
import type { GuardContext } from './context.ts';

/** The deadline of an operation: its own, or the deadline of its caller's request if that ends earlier. */
export function operationDeadline(ctx: GuardContext, signal?: AbortSignal): Deadline {
  const own = deadlineIn(ctx.settings.deadlineMs, ctx.now, signal);
  const caller = ctx.time.current();
  return caller === undefined ? own : soonerOf(own, caller);
}
