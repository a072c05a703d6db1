export type PulseOptions = {
  readonly now: () => number;
  /** Sends a beat round through the server and back to us. May fail; then it just does not come back. */
  readonly send: (sentAt: number) => Promise<void>;
  readonly onRecovered: () => void;
  readonly onLost: () => void;
  /** Called again and again while unhealthy: the connection may be open and dead. */
  readonly heal: () => void;
  readonly beatEveryMs?: number;
  readonly staleAfterMs?: number;
  readonly healEveryMs?: number;
};

export type Pulse = Disposable & {
  seen(sentAt: number): void;
  /** The connection broke: beats from before prove nothing any more. */
  interrupted(): void;
  healthy(): boolean;
};

/**
 * A bus hears itself or it is not trusted. What counts is when the newest beat that came back was *sent*: messages arrive in order, so all
 * that was published before it has arrived too. That covers a server that is down, one that is slow, and a connection that is half open.
 */
export function createPulse(options: PulseOptions): Pulse {
  const {
    now,
    send,
    onRecovered,
    onLost,
    heal,
    beatEveryMs = 500,
    staleAfterMs = 1_500,
    healEveryMs = 5_000,
  } = options;
  let newestSeen = Number.NEGATIVE_INFINITY;
  let ignoredUpTo = Number.NEGATIVE_INFINITY;
  let trusted = false;
  let healedAt = now();
  let sending = false;

  const fresh = (): boolean => now() - newestSeen <= staleAfterMs;
  const noteLoss = (): void => {
    if (!trusted || fresh()) return;
    trusted = false;
    healedAt = now();
    onLost();
  };

  const beat = (): void => {
    noteLoss();
    if (!trusted && now() - healedAt >= healEveryMs) {
      healedAt = now();
      heal();
    }
    if (sending) return;
    sending = true;
    void send(now())
      .catch(() => undefined)
      .finally(() => {
        sending = false;
      });
  };

  const timer = setInterval(beat, beatEveryMs);
  timer.unref();
  beat();

  return {
    seen(sentAt) {
      if (sentAt <= ignoredUpTo || sentAt > now()) return;
      // A loss that nobody asked about in between is a loss all the same.
      noteLoss();
      newestSeen = Math.max(newestSeen, sentAt);
      if (trusted || !fresh()) return;
      onRecovered();
      trusted = true;
    },
    interrupted() {
      ignoredUpTo = now();
      newestSeen = Number.NEGATIVE_INFINITY;
      noteLoss();
    },
    healthy: () => trusted && fresh(),
    [Symbol.dispose]() {
      clearInterval(timer);
      trusted = false;
    },
  };
}
