class TookTooLong extends Error {
  override readonly name = 'TookTooLong';
}

/** Rejects if the call takes longer than this. The call itself continues, and its result is then ignored. */
export async function withinTime<Answer>(call: Promise<Answer>, ms: number): Promise<Answer> {
  const overdue = Promise.withResolvers<never>();
  const timer = setTimeout(() => overdue.reject(new TookTooLong(`no answer within ${ms} ms`)), ms);
  timer.unref();
  call.catch(() => undefined);
  try {
    return await Promise.race([call, overdue.promise]);
  } finally {
    clearTimeout(timer);
  }
}
