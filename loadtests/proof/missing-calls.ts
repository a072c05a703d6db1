import type { Call } from '../journal/journal-line.ts';

/** Each k6 user numbers its calls without gaps, in its own range of this size. */
const CALLS_OF_A_USER = 1e7;
const MOST = 25;

/**
 * Finds numbered calls without a journal line, whose acknowledgements were not checked. A last call that was cut off
 * leaves no gap and is not found.
 */
export function findMissingCalls() {
  const users = new Map<number, { calls: number; last: number }>();
  return {
    note: ({ n }: Pick<Call, 'n'>): void => {
      const user = Math.floor(n / CALLS_OF_A_USER);
      const known = users.get(user) ?? { calls: 0, last: 0 };
      users.set(user, { calls: known.calls + 1, last: Math.max(known.last, n % CALLS_OF_A_USER) });
    },
    findings: (): string[] =>
      [...users]
        .filter(([, { calls, last }]) => calls !== last)
        .slice(0, MOST)
        .map(([user, { calls, last }]) => `journal: user ${user} made ${last} calls, but ${calls} are recorded`),
  };
}
