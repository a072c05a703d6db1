type Sharing<Standing> = {
  readonly read: () => Promise<Standing>;
  readonly now: () => number;
  /** How old an answer may be that is told once more. */
  readonly keptMs?: number;
  /** How long a scrape waits. What comes later is there for the next one. */
  readonly patienceMs?: number;
};

const KEPT_MS = 5_000;
const PATIENCE_MS = 2_000;

/**
 * What the database knows, for however many scrapes: one read at a time, and one in a few seconds, a failed one as well. Undefined while it cannot be
 * read, and where the answer takes longer than a scraper waits.
 */
export function shareStanding<Standing>({
  read,
  now,
  keptMs = KEPT_MS,
  patienceMs = PATIENCE_MS,
}: Sharing<Standing>): () => Promise<Standing | undefined> {
  let kept: { readonly standing: Standing | undefined; readonly until: number } | undefined;
  let reading: Promise<Standing | undefined> | undefined;

  const readNow = async (): Promise<Standing | undefined> => {
    const standing = await read().catch(() => undefined);
    kept = { standing, until: now() + keptMs };
    reading = undefined;
    return standing;
  };

  return async () => {
    if (kept !== undefined && kept.until > now()) return kept.standing;
    reading ??= readNow();
    return await inTime(reading, patienceMs);
  };
}

async function inTime<Value>(promise: Promise<Value>, ms: number): Promise<Value | undefined> {
  const { promise: late, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => resolve(undefined), ms);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
