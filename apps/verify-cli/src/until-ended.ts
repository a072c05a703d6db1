/** Waits for the work, or rejects as soon as the signal is aborted. The work itself is not stopped. */
export async function untilEnded<Answer>(ended: AbortSignal, work: Promise<Answer>): Promise<Answer> {
  const { promise, reject } = Promise.withResolvers<never>();
  const stop = (): void => reject(ended.reason);
  ended.addEventListener('abort', stop, { once: true });
  if (ended.aborted) stop();
  try {
    return await Promise.race([work, promise]);
  } finally {
    ended.removeEventListener('abort', stop);
  }
}
