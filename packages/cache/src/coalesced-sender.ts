import { UNKNOWN_VERSION } from './slot-snapshots.ts';

type Outgoing = { readonly key: string; readonly version: number; readonly text: string };

export type CoalescedSenderOptions = {
  /** Resolves to whether all of the texts were sent. */
  readonly send: (texts: string[]) => Promise<boolean>;
  readonly onSettled: (sent: boolean, messages: number) => void;
  readonly waitMs?: number;
  readonly maxWaiting?: number;
};

export type CoalescedSender = AsyncDisposable & {
  /** Settles when the message, or a newer one for its key, was sent or given up. */
  add(message: Outgoing): Promise<void>;
};

/**
 * Collects the messages of a few milliseconds and sends them as one batch, only the newest per key. PostgreSQL
 * serializes commits that notify, so there should be few of them.
 */
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

/** An unknown version supersedes every known one, because the actual version may be later. */
const supersedes = (message: Outgoing, held: Outgoing): boolean =>
  held.version !== UNKNOWN_VERSION && (message.version === UNKNOWN_VERSION || message.version >= held.version);
