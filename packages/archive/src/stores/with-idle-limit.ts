import { StoreFailure } from './object-store.ts';

/** Fails a download that receives no data for `limitMs`, so that a stalled server cannot block a worker for ever. */
export async function* withIdleLimit(
  stream: ReadableStream<Uint8Array>,
  { limitMs, place }: { readonly limitMs: number; readonly place: string },
): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { value, done } = await within(limitMs, reader.read(), place);
      if (done) return;
      yield value;
    }
  } catch (error) {
    if (error instanceof StoreFailure) throw error;
    const said = error instanceof Error ? error.message : String(error);
    throw new StoreFailure('store_unavailable', `${place} cut its response off: ${said}`, { cause: error });
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

async function within<Result>(limitMs: number, work: Promise<Result>, place: string): Promise<Result> {
  const { promise: tooSlow, reject } = Promise.withResolvers<never>();
  const say = () => reject(new StoreFailure('store_slow', `${place} sent nothing for ${limitMs} ms`));
  const timer = setTimeout(say, limitMs);
  try {
    return await Promise.race([work, tooSlow]);
  } finally {
    clearTimeout(timer);
  }
}
