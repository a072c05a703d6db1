import { type ObjectStore, StoreFailure } from '@phaselock/archive';
import type { Guard } from '@phaselock/guard';

type Bounds = Pick<Guard, 'inTimeLeft' | 'inOwnTime'>;
type Asking = <T>(ask: () => Promise<T>) => Promise<T>;

/**
 * The store as one request asks it: it has to say something before the deadline of the request, and then to go on within a deadline each time. A
 * large object may take longer as a whole. A folder on a server that hangs would otherwise hold its reader for ever.
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
    // Not waited for: where a chunk never comes, neither does the end.
    chunks.return?.().catch(() => undefined);
  }
}

/** It came too late. Only what was begun is closed when it is left. */
async function letGo(body: AsyncIterable<Uint8Array> | undefined): Promise<void> {
  const chunks = body?.[Symbol.asyncIterator]();
  await chunks?.next().catch(() => undefined);
  await chunks?.return?.().catch(() => undefined);
}
