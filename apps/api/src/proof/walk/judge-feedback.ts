import type { Judging } from './judging.ts';
import { listAt, textAt } from './read.ts';
import { type Seen, succeeded } from './seen.ts';

/** What was said of sessions is kept as often as it was said, and under one key once. Each comment of the walk is unlike all others. */
export function judgeFeedback({ book }: Judging, lists: readonly Seen[]): void {
  const given = book.calls.filter((seen) => seen.operation === 'giveFeedback' && succeeded(seen));
  const times = Map.groupBy(given, ({ asking }) => textAt(asking.body, 'comment'));
  const kept = lists.flatMap(({ answer }) => listAt(answer, 'items').map((item) => textAt(item, 'comment')));
  for (const [comment = '', all] of times) {
    const wanted = new Set(all.map(({ client, asking }, index) => `${client.name} ${asking.idempotencyKey ?? index}`))
      .size;
    const found = kept.filter((one) => one === comment).length;
    if (found === wanted) continue;
    const about = all.map(({ path }) => path);
    const what = `${comment} is kept ${found} times, not ${wanted}`;
    book.complain({ promise: '7 feedback', step: all[0]?.step ?? 0, what, about });
  }
}
