type Outlasting<Found> = {
  readonly find: (id: string) => Promise<Found | undefined>;
  readonly now: () => number;
};

export type OutlastingLookups<Found> = {
  /** As it is found now; a failure is a failure. */
  find(id: string): Promise<Found | undefined>;
  /** What the lookup finds, else, where it fails or takes longer than that, what the last one found that was answered. */
  orLast(id: string, looking: Promise<Found | undefined>, patienceMs: number): Promise<Found | undefined>;
  forget(): void;
};

/** Long enough for an outage that people work on, short enough for a key that was revoked where this process cannot see it. */
const KEPT_MS = 6 * 3_600_000;
const MAX_KEPT = 1_000;

type Kept<Found> = { readonly found: Found | undefined; readonly askedAt: number };

/** Keeps the last answer to each id that was once found, for what has to go on while nothing can be looked up. An answer counts from when it was asked for. */
export function outlastFailures<Found>({ find, now }: Outlasting<Found>): OutlastingLookups<Found> {
  // As with remembered lookups: one that began before forget() writes into a map that is not read any more.
  let last = new Map<string, Kept<Found>>();

  const answered = (entries: Map<string, Kept<Found>>, id: string, answer: Kept<Found>): void => {
    const kept = entries.get(id);
    // An id that was never found is not kept, so guesses displace nothing.
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
      // Read again: a lookup that was answered meanwhile, for another request, may have denied it.
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
