import { type ClaimToken, renewClaims } from '@phaselock/store';
import type { ArchiveContext } from './archive-context.ts';

/**
 * Renews the lease during the work, however long one object takes. If a renewal is late, another worker may claim the
 * sessions.
 */
export function keepClaims({ database, policy }: ArchiveContext, token: ClaimToken): Disposable {
  const everyMs = (policy.leaseSeconds * 1000) / 3;
  const timer = setInterval(() => {
    renewClaims(database, token, policy.leaseSeconds).catch(() => undefined);
  }, everyMs);
  timer.unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
