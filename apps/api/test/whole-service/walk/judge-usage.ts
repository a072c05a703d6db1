import type { Judging } from './judging.ts';
import { at, listAt, numberAt, textAt } from './read.ts';
import { type Seen, succeeded } from './seen.ts';

const FIELDS = ['inputTokens', 'outputTokens', 'turns', 'costUsdMicros'] as const;

/**
 * Promise 6: a session's usage totals never decrease, and in an export, which is one snapshot, they are the sum of its
 * processes.
 */
export function judgeUsage({ book, memory }: Judging, seen: Seen): void {
  if (!succeeded(seen)) return;
  if (seen.operation === 'exportSession') judgeSum(book, seen);
  if (seen.operation !== 'getSession') return;
  const id = textAt(seen.answer, 'id') ?? '';
  const [before, usage] = [memory.usage.get(id), at(seen.answer, 'usage')];
  if (before !== undefined && before.answered < seen.sent && isLess(usage, before.usage))
    book.complain({
      promise: '6 usage goes down',
      step: seen.step,
      what: `${JSON.stringify(before.usage)}, then ${JSON.stringify(usage)}`,
      about: [id],
    });
  if (before === undefined || !isLess(usage, before.usage)) memory.usage.set(id, { answered: seen.answered, usage });
}

export const isLess = (one: unknown, other: unknown): boolean =>
  FIELDS.some((field) => (numberAt(one, field) ?? 0) < (numberAt(other, field) ?? 0));

/** Checks an export, which has the session and its processes from one snapshot. */
function judgeSum(book: Judging['book'], seen: Seen): void {
  const processes = listAt(seen.answer, 'processes');
  const usage = at(seen.answer, 'session.usage');
  if (usage === undefined) return;
  const flaw = sumFlaw(usage, processes);
  if (flaw !== undefined)
    book.complain({
      promise: '6 usage does not add up in an export',
      step: seen.step,
      what: flaw,
      about: [seen.asking.params?.sessionId ?? seen.path],
    });
}

export function sumFlaw(total: unknown, processes: readonly unknown[]): string | undefined {
  for (const field of FIELDS) {
    const sum = processes.reduce<number>((so, process) => so + (numberAt(process, `usage.${field}`) ?? 0), 0);
    if (sum !== numberAt(total, field))
      return `${field}: ${numberAt(total, field)} of the session, ${sum} of its processes`;
  }
  return undefined;
}
