export type FreshView<View> = {
  /** As it was at most so long ago. */
  view(): Promise<View>;
  /** The same, if it is at hand. */
  known(): View | undefined;
  /** This process has changed it. */
  forget(): void;
};

type Reading<View> = {
  readonly read: () => Promise<View>;
  readonly boundMs: number;
  readonly now: () => number;
  /** What to go on with when it cannot be read, given what was read last; without it the failure is the caller's. */
  readonly whenUnread?: (last: View | undefined) => View;
};

/**
 * A small thing everybody needs, read anew behind the back of whoever asks once half of its time is over, so that a busy process never
 * waits for it.
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
        // A read that began before the change here must not bring the old one back.
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
