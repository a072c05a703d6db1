import { type ObjectStore, StoreFailure } from '@phaselock/archive';
import type { Guard } from '@phaselock/guard';

type Bounds = Pick<Guard, 'inTimeLeft' | 'inOwnTime'>;
type Asking = <T>(ask: () => Promise<T>) => Promise<T>;

/**
 * The object store with time-outs for one request: the first reply must arrive within the deadline of the request, and
 * each later chunk within a deadline of its own, since a large object may take longer as a whole. Without time-outs, a
 * folder on a server that hangs would block its reader for ever.
 */
export function answeringStore(store: ObjectStore, bounds: Bounds): ObjectStore {
  let hasAnswered = false;
  const inTime: Asking = async (ask) => {
    try {
      const said = await (hasAnswered ? bounds.inOwnTime(ask) : bounds.inTimeLeft(ask));
      hasAnswered = true;
      return said;
    } catch (error) {
      if (error instanceof StoreFailure) throw error;
      throw new StoreFailure('store_slow', `${store.place} did not answer in time`, { cause: error });
    }
  };
  return {
    ...store,
    async get(key, version) {
      const asked = store.get(key, version);
      try {
        const body = await inTime(() => asked);
        return body === undefined ? undefined : eachInTime(body, inTime);
      } catch (error) {
        asked.then(letGo, () => undefined);
        throw error;
      }
    },
  };
}

async function* eachInTime(body: AsyncIterable<Uint8Array>, inTime: Asking): AsyncGenerator<Uint8Array> {
  const chunks = body[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await inTime(() => chunks.next());
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    // Not awaited: while the next chunk does not arrive, `return` does not settle either.
    chunks.return?.().catch(() => undefined);
  }
}

/** Closes a body that arrived after its time-out. A generator runs its clean-up only if it has begun. */
async function letGo(body: AsyncIterable<Uint8Array> | undefined): Promise<void> {
  const chunks = body?.[Symbol.asyncIterator]();
  await chunks?.next().catch(() => undefined);
  await chunks?.return?.().catch(() => undefined);
}
