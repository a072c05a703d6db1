/**
 * How sessions are spread over tasks: the task of rank r has head / r of them, up to a most, so that a few tasks are busy and most have one. What
 * is left over are tasks of one session each.
 */
export type Spread = { readonly head: number; readonly most: number; readonly tasks: number };

/** Sixty-six replacements in each of its phases: busier than any task we know of. */
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
