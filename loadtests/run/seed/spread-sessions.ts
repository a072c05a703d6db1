/**
 * The distribution of sessions over tasks: the task of rank r has head / r sessions, up to a maximum, so that a few
 * tasks are busy and most have one. The remaining sessions get one task each.
 */
export type Spread = { readonly head: number; readonly most: number; readonly tasks: number };

/** 66 replacements in each of its three phases: more than in any known task. */
const MOST_OF_A_TASK = 200;

export function spreadSessions(sessions: number): Spread {
  let [fits, tooMany] = [1, sessions + 1];
  while (tooMany - fits > 1) {
    const middle = Math.floor((fits + tooMany) / 2);
    if (sessionsOf(middle) <= sessions) fits = middle;
    else tooMany = middle;
  }
  return { head: fits, most: MOST_OF_A_TASK, tasks: fits + sessions - sessionsOf(fits) };
}

function sessionsOf(head: number): number {
  let sum = 0;
  for (let rank = 1; rank <= head; rank += 1) sum += Math.min(MOST_OF_A_TASK, Math.floor(head / rank));
  return sum;
}
