import { type Deadline, deadlineIn, soonerOf } from '@phaselock/locking';
import type { GuardContext } from './context.ts';

/** What an operation has: its own bound, or what is left of its caller's where that is less. */
export function operationDeadline(ctx: GuardContext, signal?: AbortSignal): Deadline {
  const own = deadlineIn(ctx.settings.deadlineMs, ctx.now, signal);
  const caller = ctx.time.current();
  return caller === undefined ? own : soonerOf(own, caller);
}
