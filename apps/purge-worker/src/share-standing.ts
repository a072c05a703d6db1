type Sharing<Standing> = {
  readonly read: () => Promise<Standing>;
  readonly now: () => number;
  /** How long a result is reused. */
  readonly keptMs?: number;
  /** How long a scrape waits for the result. A later result is used by the next scrape. */
  readonly patienceMs?: number;
};

const KEPT_MS = 5_000;
const PATIENCE_MS = 2_000;

/**
 * Shares one database read of the archive state between scrapes: one read at a time, reused for a few seconds even if
 * it failed. Undefined while the state cannot be read, or takes longer than a scrape may wait.
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
