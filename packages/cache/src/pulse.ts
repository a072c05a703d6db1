export type PulseOptions = {
  readonly now: () => number;
  /** Sends a beat through the server back to this bus. If it fails, the beat does not come back. */
  readonly send: (sentAt: number) => Promise<void>;
  readonly onRecovered: () => void;
  readonly onLost: () => void;
  /** Called repeatedly while unhealthy, because the connection may be open but dead. */
  readonly heal: () => void;
  readonly beatEveryMs?: number;
  readonly staleAfterMs?: number;
  readonly healEveryMs?: number;
};

/** The health monitor of a bus, see `createPulse`. */
export type Pulse = Disposable & {
  seen(sentAt: number): void;
  /** The connection broke: beats sent before no longer count. */
  interrupted(): void;
  healthy(): boolean;
};

/**
 * Monitors a bus by beats, heartbeats that the bus sends to itself; a bus without recent beats is not trusted. What
 * counts is when the newest returned beat was *sent*: messages arrive in order, so every message published before it
 * has arrived too. This detects a server that is down or slow, and a half-open connection.
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
      // Reports a loss that no tick has noticed in between.
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
