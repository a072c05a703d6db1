import type { Judging } from './judging.ts';
import { listAt, textAt } from './read.ts';
import { type Seen, succeeded } from './seen.ts';

const FILTERS = ['taskId', 'phase', 'mode', 'status', 'agent'] as const;

/** A list contains only items that match its filters, and each item once. */
export function judgeList({ book }: Judging, seen: Seen): void {
  const items = listAt(seen.answer, 'items');
  if (!succeeded(seen) || items.length === 0) return;
  const wrong = (what: string) =>
    book.complain({ promise: `L list ${seen.operation}`, step: seen.step, what, about: [seen.path] });
  const { query = {} } = seen.asking;
  for (const item of items) {
    for (const name of FILTERS) {
      const [wanted, found] = [query[name], textAt(item, name)];
      if (wanted !== undefined && found !== undefined && wanted !== found) wrong(`${name} ${found}, not ${wanted}`);
    }
    const isDeleted = textAt(item, 'deletedAt') !== undefined;
    if (isDeleted && query.includeDeleted !== 'true' && 'includeDeleted' in query) wrong('contains a deleted item');
  }
  const ids = items.map((item) => textAt(item, 'id')).filter((id) => id !== undefined);
  if (new Set(ids).size !== ids.length) wrong('contains an item twice');
  if (query.limit !== undefined && items.length > Number(query.limit)) wrong(`more than ${query.limit}`);
}
