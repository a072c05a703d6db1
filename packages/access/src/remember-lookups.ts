type Lookups<Found> = {
  readonly find: (id: string) => Promise<Found | undefined>;
  readonly now: () => number;
};

export type RememberedLookups<Found> = {
  /** As it was found at most REMEMBERED_MS ago. */
  recent(id: string): Promise<Found | undefined>;
  /** As it is found now. The answer replaces the remembered one; a failure leaves it. */
  fresh(id: string): Promise<Found | undefined>;
  forget(): void;
};

/** A second less than the five that are documented: the answer to the last request that is admitted has to end within them, too. */
const REMEMBERED_MS = 4_000;
const MAX_REMEMBERED = 1_000;

type Remembered<Found> = { readonly found: Promise<Found | undefined>; readonly until: number };

/** One lookup every few seconds for each id, whether it is found or not, so neither load nor guessing becomes a query a request. */
export function rememberLookups<Found>({ find, now }: Lookups<Found>): RememberedLookups<Found> {
  // forget() takes a new map: a lookup that began before writes into the one that is not read any more.
  let remembered = new Map<string, Remembered<Found>>();

  return {
    recent(id) {
      const known = remembered.get(id);
      if (known !== undefined && known.until > now()) return known.found;
      const entries = remembered;
      const found = find(id);
      const entry = { found, until: now() + REMEMBERED_MS };
      keep(entries, id, entry);
      // A failure says nothing about the id, and is not kept.
      found.catch(() => entries.get(id) === entry && entries.delete(id));
      return found;
    },
    async fresh(id) {
      const entries = remembered;
      const until = now() + REMEMBERED_MS;
      const found = await find(id);
      // A lookup that began later has the newer answer, even when it was answered earlier.
      if ((entries.get(id)?.until ?? 0) <= until) keep(entries, id, { found: Promise.resolve(found), until });
      return found;
    },
    forget() {
      remembered = new Map();
    },
  };
}

function keep<Entry>(entries: Map<string, Entry>, id: string, entry: Entry): void {
  // Deleted first, so that the order of the map is the order of the lookups.
  entries.delete(id);
  const [oldest] = entries.keys();
  if (entries.size >= MAX_REMEMBERED && oldest !== undefined) entries.delete(oldest);
  entries.set(id, entry);
}
