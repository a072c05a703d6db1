import { setTimeout as delay } from 'node:timers/promises';

/**
 * Calls `ask`, at least once, until it returns a value. Returns undefined after the time-out, and throws when the
 * signal is aborted.
 */
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
