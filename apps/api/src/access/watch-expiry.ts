type Clock = {
  readonly now: () => number;
  /**
   * The longest wait before the clock is read again: the clock can be set while a timer runs, and a timer is limited to
   * 24 days.
   */
  readonly everyMs: number;
};

export type ExpiryWatch = Disposable & {
  /** Calls `lost` when the clock reaches `until`. The returned function cancels the watch. */
  watch(until: number, lost: () => void): () => void;
};

/** Reports when credentials expire by the system clock. */
export function watchExpiry({ now, everyMs }: Clock): ExpiryWatch {
  const timers = new Map<object, NodeJS.Timeout>();
  return {
    watch(until, lost) {
      const id = {};
      const wait = (): void => {
        const leftMs = Math.max(0, until - now());
        timers.set(id, setTimeout(look, Math.min(leftMs, everyMs)).unref());
      };
      const look = (): void => {
        if (now() < until) {
          wait();
          return;
        }
        timers.delete(id);
        lost();
      };
      wait();
      return () => {
        clearTimeout(timers.get(id));
        timers.delete(id);
      };
    },
    [Symbol.dispose]() {
      for (const timer of timers.values()) clearTimeout(timer);
      timers.clear();
    },
  };
}
