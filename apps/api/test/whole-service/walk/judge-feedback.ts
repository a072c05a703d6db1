import type { Judging } from './judging.ts';
import { listAt, textAt } from './read.ts';
import { type Seen, succeeded } from './seen.ts';

/** Promise 7: feedback is stored once per call, and once per Idempotency-Key. Each comment of the walk is unique. */
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
    const what = `${comment} is stored ${found} times, not ${wanted}`;
    book.complain({ promise: '7 feedback lost or duplicated', step: all[0]?.step ?? 0, what, about });
  }
}
