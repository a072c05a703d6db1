import { setTimeout as pause } from 'node:timers/promises';

export type EventuallyOptions = { readonly withinMs?: number; readonly everyMs?: number };

/**
 * Repeats the attempt until it neither throws nor returns false, and returns its result. Fails after `withinMs`. Unlike
 * a fixed sleep, it waits no longer than the condition needs.
 */
export async function eventually<Answer>(
  attempt: () => Answer | Promise<Answer>,
  { withinMs = 10_000, everyMs = 5 }: EventuallyOptions = {},
): Promise<Answer> {
  const until = performance.now() + withinMs;
  for (;;) {
    const last = await tryOnce(attempt);
    if (last.kind === 'holds') return last.answer;
    if (performance.now() >= until) {
      throw new Error(`Not within ${withinMs} ms: ${last.why}`, { cause: last.cause });
    }
    await pause(everyMs);
  }
}

type Tried<Answer> =
  | { readonly kind: 'holds'; readonly answer: Answer }
  | { readonly kind: 'not-yet'; readonly why: string; readonly cause?: unknown };

async function tryOnce<Answer>(attempt: () => Answer | Promise<Answer>): Promise<Tried<Answer>> {
  try {
    const answer = await attempt();
    return answer === false ? { kind: 'not-yet', why: 'the condition stayed false' } : { kind: 'holds', answer };
  } catch (error) {
    return { kind: 'not-yet', why: error instanceof Error ? error.message : String(error), cause: error };
  }
}
