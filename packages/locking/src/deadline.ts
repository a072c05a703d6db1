/** When an operation must have ended, and whether its caller still wants it. One deadline covers waiting, retrying and writing. */
export type Deadline = { remainingMs(): number; readonly signal: AbortSignal | undefined };

export type Clock = () => number;

export function deadlineIn(ms: number, now: Clock, signal?: AbortSignal): Deadline {
  const end = now() + ms;
  return { remainingMs: () => Math.max(0, end - now()), signal };
}
