import type { IncomingMessage } from 'node:http';
import { bearerIn, type ValidKeys } from '@phaselock/access';

/** The status a request for the numbers is refused with, or null for one that may have them. */
type AdmitScraper = (request: Pick<IncomingMessage, 'headers'>) => Promise<401 | 403 | 503 | null>;

const SCOPES = ['metrics:read', 'admin'];
/** Who has a key of all projects that may read them. While the database does not answer, only keys that were known before are. */
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

/** So that whoever guesses keys gets no more of the pool than that: the work goes on beside it. A key that is remembered needs no look-up. */
const LOOKUPS_AT_ONCE = 2;

export function boundLookups<Found>(find: (prefix: string) => Promise<Found>): (prefix: string) => Promise<Found> {
  let asking = 0;
  return async (prefix) => {
    if (asking >= LOOKUPS_AT_ONCE) throw new Error('as many keys are looked up as may be at once');
    asking += 1;
    try {
      return await find(prefix);
    } finally {
      asking -= 1;
    }
  };
}
