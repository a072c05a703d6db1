import { type ClaimToken, renewClaims } from '@phaselock/store';
import type { ArchiveContext } from './archive-context.ts';

/** Renews the lease while the work goes on, however long one object takes. What is not renewed in time is somebody else's. */
export function keepClaims({ database, policy }: ArchiveContext, token: ClaimToken): Disposable {
  const everyMs = (policy.leaseSeconds * 1000) / 3;
  const timer = setInterval(() => {
    renewClaims(database, token, policy.leaseSeconds).catch(() => undefined);
  }, everyMs);
  timer.unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
