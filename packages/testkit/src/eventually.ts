import { setTimeout as pause } from 'node:timers/promises';

export type EventuallyOptions = { readonly withinMs?: number; readonly everyMs?: number };

/**
 * Tries until the attempt neither throws nor answers false, and gives its answer. Waiting for a condition takes as long as it must; a sleep
 * is too long on a good day and too short on a bad one.
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
