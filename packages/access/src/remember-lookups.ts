type Lookups<Found> = {
  readonly find: (id: string) => Promise<Found | undefined>;
  readonly now: () => number;
};

/** Lookups with a short-lived cache. */
export type RememberedLookups<Found> = {
  /** The result of a lookup that is at most REMEMBERED_MS old. */
  recent(id: string): Promise<Found | undefined>;
  /** Looks the id up now. The result replaces the remembered one; a failure does not. */
  fresh(id: string): Promise<Found | undefined>;
  forget(): void;
};

/** One second less than the documented five, so that the last admitted request also ends within those five seconds. */
const REMEMBERED_MS = 4_000;
const MAX_REMEMBERED = 1_000;

type Remembered<Found> = { readonly found: Promise<Found | undefined>; readonly until: number };

/**
 * Looks each id up at most once every few seconds, whether or not it is found, so that load and guessing do not cause a
 * query per request.
 */
export function rememberLookups<Found>({ find, now }: Lookups<Found>): RememberedLookups<Found> {
  // forget() replaces the map: a lookup that began before writes into the old map, which is no longer read.
  let remembered = new Map<string, Remembered<Found>>();

  return {
    recent(id) {
      const known = remembered.get(id);
      if (known !== undefined && known.until > now()) return known.found;
      const entries = remembered;
      const found = find(id);
      const entry = { found, until: now() + REMEMBERED_MS };
      keep(entries, id, entry);
      // A failure gives no information about the id, so it is not remembered.
      found.catch(() => entries.get(id) === entry && entries.delete(id));
      return found;
    },
    async fresh(id) {
      const entries = remembered;
      const until = now() + REMEMBERED_MS;
      const found = await find(id);
      // A lookup that began later has the newer result, even if it returned earlier.
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
