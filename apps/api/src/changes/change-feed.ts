import { AsyncLocalStorage } from 'node:async_hooks';
import { type Change, type ChangeFilter, type ChangePlace, isAfter } from '@phaselock/store';

type Listener = {
  change(change: Change): void;
  /** Resolves when the client has taken the changes sent so far, or when the signal is aborted. */
  taken(signal: AbortSignal): Promise<void>;
  /** Changes cannot be read or buffered. The client has to reconnect from its last place. */
  failed(): void;
};

export type ChangeFeed = AsyncDisposable & {
  /** Delivers the changes after a place, or from now on. The returned function ends the subscription. */
  subscribe(filter: ChangeFilter, after: ChangePlace | undefined, listener: Listener): () => void;
};

type Reads = {
  readonly tail: () => Promise<ChangePlace>;
  readonly after: (place: ChangePlace, limit: number) => Promise<readonly Change[]>;
  readonly of: (filter: ChangeFilter, place: ChangePlace, limit: number) => Promise<readonly Change[]>;
};

type Subscriber = {
  readonly filter: ChangeFilter;
  readonly listener: Listener;
  /** The place of the last delivered change; undefined until the start is known. */
  place: ChangePlace | undefined;
  /** False while missed changes are read; new changes are kept in `waiting` meanwhile. */
  live: boolean;
  readonly waiting: Change[];
  /** Aborted when the subscriber has left. */
  readonly gone: AbortController;
};

const POLL_MS = 200;
const BACK_OFF_MS = 2_000;
const PAGE = 500;
const MAX_WAITING = 10_000;

/**
 * Reads changes once for all subscribers, and only while there are any. It polls instead of using NOTIFY, because a
 * notification in the hot transaction would make all commits queue behind each other.
 */
export function createChangeFeed(read: Reads, pollMs = POLL_MS): ChangeFeed {
  const subscribers = new Set<Subscriber>();
  // The shared queries must not run in the request of the first subscriber: its context would stay in memory, and their
  // log lines would carry its ids.
  const forAll = AsyncLocalStorage.snapshot();
  let tail: Promise<ChangePlace> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let polling: Promise<void> | undefined;

  const schedule = (ms: number): void => {
    if (subscribers.size === 0 || timer !== undefined || polling !== undefined) return;
    timer = forAll(setTimeout, look, ms);
  };

  const look = (): void => {
    timer = undefined;
    polling = poll().then((next) => {
      polling = undefined;
      schedule(next);
    });
  };

  /** The place after which polling continues. A failure is not cached. */
  const tailKnown = (): Promise<ChangePlace> => {
    tail ??= forAll(read.tail).catch((error: unknown) => {
      tail = undefined;
      throw error;
    });
    return tail;
  };

  /** Delivers one page of changes and returns the wait until the next poll, in ms. */
  const poll = async (): Promise<number> => {
    try {
      const changes = await read.after(await tailKnown(), PAGE);
      for (const change of changes) for (const subscriber of subscribers) offer(subscriber, change);
      const last = changes.at(-1)?.place;
      if (last !== undefined) tail = Promise.resolve(last);
      if (subscribers.size === 0) tail = undefined;
      return changes.length === PAGE ? 0 : pollMs;
    } catch {
      // The place has not advanced, so a later poll reads the changes missed meanwhile.
      return BACK_OFF_MS;
    }
  };

  const catchUp = async (subscriber: Subscriber): Promise<void> => {
    try {
      // The tail must be known before missed changes are read, or changes written between the two reads would be lost.
      const from = await tailKnown();
      let place = subscriber.place ?? from;
      for (;;) {
        const missed = await read.of(subscriber.filter, place, PAGE);
        for (const change of missed) if (subscribers.has(subscriber)) subscriber.listener.change(change);
        place = missed.at(-1)?.place ?? place;
        await subscriber.listener.taken(subscriber.gone.signal);
        if (missed.length < PAGE || !subscribers.has(subscriber)) break;
      }
      goLive(subscriber, place);
    } catch {
      if (subscribers.delete(subscriber)) subscriber.listener.failed();
    }
  };

  return {
    subscribe(filter, after, listener) {
      const subscriber: Subscriber = {
        filter,
        listener,
        place: after,
        live: false,
        waiting: [],
        gone: new AbortController(),
      };
      subscribers.add(subscriber);
      schedule(0);
      void catchUp(subscriber);
      return () => {
        subscribers.delete(subscriber);
        subscriber.gone.abort();
      };
    },
    async [Symbol.asyncDispose]() {
      subscribers.clear();
      clearTimeout(timer);
      await polling;
    },
  };
}

const concerns = (filter: ChangeFilter, { taskId, projectId }: Change): boolean =>
  filter.kind === 'task' ? filter.taskId === taskId : filter.projectId === projectId;

function offer(subscriber: Subscriber, change: Change): void {
  if (!concerns(subscriber.filter, change)) return;
  if (!subscriber.live) {
    // Dropping changes would leave a gap, so a subscriber that is this far behind has to reconnect from its last place.
    if (subscriber.waiting.length < MAX_WAITING) subscriber.waiting.push(change);
    else subscriber.listener.failed();
    return;
  }
  deliver(subscriber, change);
}

function deliver(subscriber: Subscriber, change: Change): void {
  if (subscriber.place !== undefined && !isAfter(change.place, subscriber.place)) return;
  subscriber.place = change.place;
  subscriber.listener.change(change);
}

function goLive(subscriber: Subscriber, place: ChangePlace): void {
  subscriber.place = place;
  subscriber.live = true;
  for (const change of subscriber.waiting.splice(0)) deliver(subscriber, change);
}
