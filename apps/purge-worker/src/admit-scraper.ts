import type { IncomingMessage } from 'node:http';
import { bearerIn, type ValidKeys } from '@phaselock/access';

/** The status a request for the numbers is refused with, or null for one that may have them. */
type AdmitScraper = (request: Pick<IncomingMessage, 'headers'>) => Promise<401 | 403 | 503 | null>;

const SCOPES = ['metrics:read', 'admin'];
/** So that whoever guesses keys gets no more of the pool than that: the work goes on beside it. */
const LOOKUPS_AT_ONCE = 2;

/** Who has a key of all projects that may read them. A database that does not answer admits nobody. */
export function admitKeys(keys: Pick<ValidKeys, 'use'>): AdmitScraper {
  let asking = 0;
  return async ({ headers }) => {
    const credential = bearerIn(headers.authorization);
    if (credential === undefined) return 401;
    if (asking >= LOOKUPS_AT_ONCE) return 503;
    asking += 1;
    try {
      const key = await keys.use(credential);
      if (key === undefined) return 401;
      return key.projectId === null && key.scopes.some((scope) => SCOPES.includes(scope)) ? null : 403;
    } catch {
      return 503;
    } finally {
      asking -= 1;
    }
  };
}
