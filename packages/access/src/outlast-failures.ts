type Outlasting<Found> = {
  readonly find: (id: string) => Promise<Found | undefined>;
  readonly now: () => number;
};

/** Lookups that can return their last result while they fail. */
export type OutlastingLookups<Found> = {
  /** Looks the id up now; a failure is passed on to the caller. */
  find(id: string): Promise<Found | undefined>;
  /**
   * Returns the result of the lookup. If it fails or takes longer than `patienceMs`, returns the last successful
   * result.
   */
  orLast(id: string, looking: Promise<Found | undefined>, patienceMs: number): Promise<Found | undefined>;
  forget(): void;
};

/**
 * Long enough to cover an outage that is being repaired; short enough to limit the use of a key whose revocation this
 * process cannot see.
 */
const KEPT_MS = 6 * 3_600_000;
const MAX_KEPT = 1_000;

type Kept<Found> = { readonly found: Found | undefined; readonly askedAt: number };

/**
 * Keeps the last result for each id that was once found, for reads that must continue while lookups fail. The age of a
 * result counts from the start of its lookup.
 */
export function outlastFailures<Found>({ find, now }: Outlasting<Found>): OutlastingLookups<Found> {
  // A lookup that began before forget() writes into the old map, which is no longer read.
  let last = new Map<string, Kept<Found>>();

  const answered = (entries: Map<string, Kept<Found>>, id: string, answer: Kept<Found>): void => {
    const kept = entries.get(id);
    // An id that was never found is not kept, so that guessed ids displace no entries.
    if (kept === undefined && answer.found === undefined) return;
    if (kept !== undefined && kept.askedAt > answer.askedAt) return;
    entries.delete(id);
    const [oldest] = entries.keys();
    if (entries.size >= MAX_KEPT && oldest !== undefined) entries.delete(oldest);
    entries.set(id, answer);
  };

  return {
    async find(id) {
      const entries = last;
      const askedAt = now();
      const found = await find(id);
      answered(entries, id, { found, askedAt });
      return found;
    },
    async orLast(id, looking, patienceMs) {
      const kept = last.get(id);
      if (kept?.found === undefined || kept.askedAt + KEPT_MS <= now()) return await looking;
      // Read again, because a lookup for another request may have returned a newer result meanwhile.
      const lastFound = () => last.get(id)?.found;
      const { promise: late, resolve } = Promise.withResolvers<undefined>();
      const timer = setTimeout(resolve, patienceMs, undefined);
      try {
        const answer = await Promise.race([looking.then((found) => ({ found })), late]);
        return answer === undefined ? lastFound() : answer.found;
      } catch {
        return lastFound();
      } finally {
        clearTimeout(timer);
      }
    },
    forget() {
      last = new Map();
    },
  };
}
