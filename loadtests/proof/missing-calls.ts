import type { Call } from '../journal/journal-line.ts';

/** Users of k6 number their calls without a gap, each from the first number that is its own on. */
const CALLS_OF_A_USER = 1e7;
const MOST = 25;

/** Calls that were numbered and have no line: what was acknowledged to them was compared with nothing. One that was cut off last leaves no gap. */
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
        .map(([user, { calls, last }]) => `journal: user ${user} made ${last} calls, and ${calls} are in it`),
  };
}
