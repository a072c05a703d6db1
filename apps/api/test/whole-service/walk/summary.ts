import type { Book } from './book.ts';
import { isStream, type Operations } from './operations.ts';
import { textAt } from './read.ts';
import type { Seen } from './seen.ts';

/** Counts of operations and their responses. A walk in which everything is refused proves nothing. */
export function summaryOf(
  { calls }: Book,
  { all }: Operations,
): { readonly text: string; readonly neverAsked: string[] } {
  const byOperation = Map.groupBy(calls, ({ operation }) => operation);
  const lines = [...byOperation].map(([operation, seen]) => {
    const answers = Map.groupBy(seen, ({ status, code }) => `${status}${code === undefined ? '' : ` ${code}`}`);
    return `${operation}: ${[...answers].map(([answer, { length }]) => `${length}× ${answer}`).join(', ')}`;
  });
  const turns = Map.groupBy(
    calls.filter(isBegun),
    ({ answer }) => `${textAt(answer, 'action')} ${textAt(answer, 'reason')}`,
  );
  lines.push(`turns: ${[...turns].map(([kind, { length }]) => `${length}× ${kind}`).join(', ')}`);
  const beats = Map.groupBy(byOperation.get('heartbeat') ?? [], ({ answer }) => textAt(answer, 'why') ?? 'go on');
  lines.push(`heartbeats: ${[...beats].map(([kind, { length }]) => `${length}× ${kind}`).join(', ')}`);
  return {
    text: lines.toSorted().join('\n'),
    neverAsked: all.filter((one) => !byOperation.has(one.id) && !isStream(one)).map(({ id }) => id),
  };
}

const isBegun = ({ operation, status }: Seen): boolean => operation === 'startTurn' && status === 201;
