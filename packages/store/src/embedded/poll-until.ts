import { setTimeout as delay } from 'node:timers/promises';

/** Asks again until the answer is something, or undefined when the time is over. Always asks at least once; an aborted signal is thrown. */
export async function pollUntil<Answer>(
  ask: () => Promise<Answer | undefined>,
  limits: { readonly timeoutMs: number; readonly everyMs: number; readonly signal?: AbortSignal | undefined },
): Promise<Answer | undefined> {
  const deadline = performance.now() + limits.timeoutMs;
  for (;;) {
    limits.signal?.throwIfAborted();
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() >= deadline) return undefined;
    await delay(limits.everyMs);
  }
}
