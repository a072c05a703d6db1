export type RateDecision = {
  readonly allowed: boolean;
  readonly limit: number;
  readonly remaining: number;
  readonly resetSeconds: number;
};

export type RateLimiter = { take(caller: string): RateDecision };

type Limits = {
  readonly limit: number;
  readonly windowMs: number;
  readonly now: () => number;
  readonly maxCallers?: number;
};

type Window = { readonly endsAt: number; used: number };

/**
 * Limits the requests of each caller in a fixed window, in this process. Counts of at most `maxCallers` are kept; the
 * oldest window is forgotten first.
 */
export function createRateLimiter({ limit, windowMs, now, maxCallers = 10_000 }: Limits): RateLimiter {
  const windows = new Map<string, Window>();
  const windowOf = (caller: string, at: number): Window => {
    const known = windows.get(caller);
    if (known !== undefined && known.endsAt > at) return known;
    windows.delete(caller);
    if (windows.size >= maxCallers) {
      const [oldest] = windows.keys();
      if (oldest !== undefined) windows.delete(oldest);
    }
    const fresh: Window = { endsAt: at + windowMs, used: 0 };
    windows.set(caller, fresh);
    return fresh;
  };
  return {
    take(caller) {
      const at = now();
      const window = windowOf(caller, at);
      const allowed = window.used < limit;
      if (allowed) window.used += 1;
      return {
        allowed,
        limit,
        remaining: limit - window.used,
        resetSeconds: Math.ceil((window.endsAt - at) / 1_000),
      };
    },
  };
}

/** Writes the RateLimit headers of the IETF draft. */
export const rateLimitHeaders = (
  { limit, remaining, resetSeconds }: RateDecision,
  windowMs: number,
): Readonly<Record<string, string>> => ({
  'RateLimit-Policy': `"default";q=${limit};w=${Math.round(windowMs / 1_000)}`,
  RateLimit: `"default";r=${remaining};t=${resetSeconds}`,
});
