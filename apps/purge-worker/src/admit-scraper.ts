import type { IncomingMessage } from 'node:http';
import { bearerIn, type ValidKeys } from '@phaselock/access';

/** Returns the status with which a request for metrics is refused, or null if it is allowed. */
type AdmitScraper = (request: Pick<IncomingMessage, 'headers'>) => Promise<401 | 403 | 503 | null>;

const SCOPES = ['metrics:read', 'admin'];
/**
 * Allows keys that are not limited to a project and have one of the scopes. While the database is down, only keys that
 * were looked up before are accepted.
 */
export function admitKeys(keys: Pick<ValidKeys, 'useInOutage'>): AdmitScraper {
  return async ({ headers }) => {
    const credential = bearerIn(headers.authorization);
    if (credential === undefined) return 401;
    try {
      const key = await keys.useInOutage(credential);
      if (key === undefined) return 401;
      return key.projectId === null && key.scopes.some((scope) => SCOPES.includes(scope)) ? null : 403;
    } catch {
      return 503;
    }
  };
}

/**
 * Limits concurrent look-ups, so that requests with invalid keys cannot occupy the connection pool. Cached keys need no
 * look-up.
 */
const LOOKUPS_AT_ONCE = 2;

export function boundLookups<Found>(find: (prefix: string) => Promise<Found>): (prefix: string) => Promise<Found> {
  let asking = 0;
  return async (prefix) => {
    if (asking >= LOOKUPS_AT_ONCE) throw new Error('too many concurrent key look-ups');
    asking += 1;
    try {
      return await find(prefix);
    } finally {
      asking -= 1;
    }
  };
}
