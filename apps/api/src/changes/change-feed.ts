import { AsyncLocalStorage } from 'node:async_hooks';
import { type Change, type ChangeFilter, type ChangePlace, isAfter } from '@phaselock/store';

type Listener = {
  change(change: Change): void;
  /** Resolves when what was told has been taken, or nobody listens any more. */
  taken(signal: AbortSignal): Promise<void>;
  /** What was asked for cannot be read. Whoever listens comes back later, from where it was. */
  failed(): void;
};

export type ChangeFeed = AsyncDisposable & {
  /** From a place on, or from now. The returned function ends it. */
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
  /** Where it is; undefined while that is being found out. */
  place: ChangePlace | undefined;
  /** False while it reads what it missed; live changes wait for it in the meantime. */
  live: boolean;
  readonly waiting: Change[];
  /** Aborted when it has left. */
  readonly gone: AbortController;
};

const POLL_MS = 200;
const BACK_OFF_MS = 2_000;
const PAGE = 500;
const MAX_WAITING = 10_000;

/**
 * One reader for all who listen, and none while nobody does. Polling rather than NOTIFY: a notification inside the hot transaction would
 * make all commits queue behind each other.
 */
export function createChangeFeed(read: Reads, pollMs = POLL_MS): ChangeFeed {
  const subscribers = new Set<Subscriber>();
  // What is read for all must not run in the request of the one who came first: it would keep that request in memory, and log under its ids.
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

  /** From where on the look goes. A failure is not kept. */
  const tailKnown = (): Promise<ChangePlace> => {
    tail ??= forAll(read.tail).catch((error: unknown) => {
      tail = undefined;
      throw error;
    });
    return tail;
  };

  /** How long to wait for the next look. */
  const poll = async (): Promise<number> => {
    try {
      const changes = await read.after(await tailKnown(), PAGE);
      for (const change of changes) for (const subscriber of subscribers) offer(subscriber, change);
      const last = changes.at(-1)?.place;
      if (last !== undefined) tail = Promise.resolve(last);
      if (subscribers.size === 0) tail = undefined;
      return changes.length === PAGE ? 0 : pollMs;
    } catch {
      // What is missed meanwhile is read afterwards: the place stays where it was.
      return BACK_OFF_MS;
    }
  };

  const catchUp = async (subscriber: Subscriber): Promise<void> => {
    try {
      // Known before what was missed is read: what comes between the two would be seen by neither.
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
    // Dropping the oldest would be a gap; whoever is that far behind starts over from its own place.
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
