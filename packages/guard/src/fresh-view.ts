export type FreshView<View> = {
  /** The value, at most `boundMs` old; reads it if the cached one is older. */
  view(): Promise<View>;
  /** The cached value if it is at most `boundMs` old, else undefined. */
  known(): View | undefined;
  /** Drops the cached value, because this process has changed its source. */
  forget(): void;
};

type Reading<View> = {
  readonly read: () => Promise<View>;
  readonly boundMs: number;
  readonly now: () => number;
  /** The value to use when a read fails, given the last value read. Without it the caller gets the failure. */
  readonly whenUnread?: (last: View | undefined) => View;
};

/**
 * Caches a small value that many calls need. Once the value is older than half of `boundMs`, the next access refreshes
 * it in the background, so that a busy process never waits for the read.
 */
export function freshView<View>({ read, boundMs, now, whenUnread }: Reading<View>): FreshView<View> {
  let current: { readonly view: View; readonly readAt: number } | undefined;
  let last: View | undefined;
  let reading: Promise<View> | undefined;
  let epoch = 0;

  const readAnew = (): Promise<View> => {
    const startedIn = epoch;
    const since = now();
    const started: Promise<View> = read()
      .catch((error: unknown) => {
        if (whenUnread === undefined) throw error;
        return whenUnread(last);
      })
      .then((view) => {
        // A read that began before `forget` must not restore the old value.
        if (startedIn === epoch) current = { view, readAt: since };
        last = view;
        return view;
      })
      .finally(() => {
        if (reading === started) reading = undefined;
      });
    reading = started;
    return started;
  };

  const known = (): View | undefined => {
    const age = current === undefined ? Number.POSITIVE_INFINITY : now() - current.readAt;
    if (current === undefined || age > boundMs) return undefined;
    if (age > boundMs / 2 && reading === undefined) readAnew().catch(() => {});
    return current.view;
  };

  return {
    known,
    view: async () => known() ?? (await (reading ?? readAnew())),
    forget() {
      epoch += 1;
      current = undefined;
      reading = undefined;
    },
  };
}
