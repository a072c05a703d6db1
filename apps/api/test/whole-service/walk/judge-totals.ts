import type { FinalSession } from './final-state.ts';
import { isLess, sumFlaw } from './judge-usage.ts';
import type { Judging } from './judging.ts';
import { at } from './read.ts';

/**
 * Promise 6 after the walk: each session's usage is the sum of its processes, and no less than any earlier response.
 */
export function judgeTotals({ book, memory }: Judging, sessions: readonly FinalSession[]): void {
  for (const { id, session, processes } of sessions) {
    const usage = at(session, 'usage');
    const wrong = (promise: string, what: string) =>
      book.complain({ promise: `6 ${promise}`, step: Number.POSITIVE_INFINITY, what, about: [id] });
    const flaw = sumFlaw(usage, processes);
    if (flaw !== undefined) wrong('usage does not add up', flaw);
    const told = memory.usage.get(id)?.usage;
    if (told !== undefined && isLess(usage, told)) wrong('usage goes down', JSON.stringify([told, usage]));
  }
}
