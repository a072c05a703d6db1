import { UNKNOWN_VERSION } from './slot-snapshots.ts';

type Outgoing = { readonly key: string; readonly version: number; readonly text: string };

export type CoalescedSenderOptions = {
  /** Whether all of them were sent. */
  readonly send: (texts: string[]) => Promise<boolean>;
  readonly onSettled: (sent: boolean, messages: number) => void;
  readonly waitMs?: number;
  readonly maxWaiting?: number;
};

export type CoalescedSender = AsyncDisposable & {
  /** Settles when it, or a newer one for its key, was sent or given up. */
  add(message: Outgoing): Promise<void>;
};

/** Messages of a few milliseconds go out as one, the newest for each key: commits that notify stand in one line, so there should be few. */
export function createCoalescedSender(options: CoalescedSenderOptions): CoalescedSender {
  const { send, onSettled, waitMs = 4, maxWaiting = 5_000 } = options;
  let waiting = new Map<string, Outgoing>();
  let next: Promise<void> | undefined;
  let sending: Promise<void> = Promise.resolve();
  let hurry = (): void => {};

  const sendWaiting = async (): Promise<void> => {
    const pause = Promise.withResolvers<void>();
    hurry = pause.resolve;
    const timer = setTimeout(pause.resolve, waitMs);
    timer.unref();
    await pause.promise;
    clearTimeout(timer);
    await sending;
    const batch = [...waiting.values()];
    waiting = new Map();
    next = undefined;
    sending = send(batch.map(({ text }) => text)).then(
      (sent) => onSettled(sent, batch.length),
      () => onSettled(false, batch.length),
    );
    await sending;
  };

  return {
    async add(message) {
      const held = waiting.get(message.key);
      if (held === undefined && waiting.size >= maxWaiting) return onSettled(false, 1);
      if (held === undefined || supersedes(message, held)) waiting.set(message.key, message);
      next ??= sendWaiting();
      await next;
    },
    async [Symbol.asyncDispose]() {
      hurry();
      await next;
      await sending;
    },
  };
}

/** Not knowing what a slot is at says more than any version: it can be later than all of them. */
const supersedes = (message: Outgoing, held: Outgoing): boolean =>
  held.version !== UNKNOWN_VERSION && (message.version === UNKNOWN_VERSION || message.version >= held.version);
