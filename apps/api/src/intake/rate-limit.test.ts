import { describe, expect, test } from 'vitest';
import { createRateLimiter, rateLimitHeaders } from './rate-limit.ts';

function limiterAt(limit: number, maxCallers?: number) {
  const clock = { now: 0 };
  const limiter = createRateLimiter({
    limit,
    windowMs: 60_000,
    now: () => clock.now,
    ...(maxCallers !== undefined && { maxCallers }),
  });
  return { clock, limiter };
}

describe('a caller', () => {
  test('is allowed its limit of requests in each window, and gets the number remaining', () => {
    const { clock, limiter } = limiterAt(2);
    expect([1, 2, 3].map(() => limiter.take('a'))).toEqual([
      { allowed: true, limit: 2, remaining: 1, resetSeconds: 60 },
      { allowed: true, limit: 2, remaining: 0, resetSeconds: 60 },
      { allowed: false, limit: 2, remaining: 0, resetSeconds: 60 },
    ]);
    clock.now = 59_999;
    expect(limiter.take('a')).toMatchObject({ allowed: false, resetSeconds: 1 });
    clock.now = 60_000;
    expect(limiter.take('a')).toMatchObject({ allowed: true, remaining: 1 });
  });

  test('does not use up the limit of another caller', () => {
    const { limiter } = limiterAt(1);
    expect(limiter.take('a').allowed).toBe(true);
    expect(limiter.take('b').allowed).toBe(true);
    expect(limiter.take('a').allowed).toBe(false);
  });

  test('is forgotten after too many other callers, so that memory stays bounded', () => {
    const { limiter } = limiterAt(1, 2);
    for (const caller of ['a', 'b', 'c']) limiter.take(caller);
    expect(limiter.take('c').allowed).toBe(false);
    expect(limiter.take('a').allowed).toBe(true);
  });
});

test('rateLimitHeaders writes the headers of the IETF draft', () => {
  expect(rateLimitHeaders({ allowed: true, limit: 100, remaining: 7, resetSeconds: 12 }, 60_000)).toEqual({
    'RateLimit-Policy': '"default";q=100;w=60',
    RateLimit: '"default";r=7;t=12',
  });
});
