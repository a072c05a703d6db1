class TookTooLong extends Error {
  override readonly name = 'TookTooLong';
}

/** Waits this long and no longer. The call itself goes on, and how it ends is nobody's concern any more. */
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
