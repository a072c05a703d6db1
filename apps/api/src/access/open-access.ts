import type { ApiKeyId } from '@phaselock/core';
import type { Guard } from '@phaselock/guard';
import type { Request } from 'express';
import type { Config } from '../config/read-config.ts';
import { type Admission, type Authenticator, RECHECK_MS } from './admission.ts';
import { authenticateBy, everybodyHere } from './authenticate.ts';
import { authenticateKeys, type KeyAuthenticator } from './authenticate-key.ts';
import { authenticateTokens, type TokenAuthenticator } from './authenticate-token.ts';

export type Access = AsyncDisposable & {
  readonly authenticate: (request: Pick<Request, 'headers'>) => Promise<Admission>;
  /** For routes that must work while the pool is full: looks keys up over reserved connections. */
  readonly authenticateUrgent: (request: Pick<Request, 'headers'>) => Promise<Admission>;
  /** For reading metrics: also accepts recently valid keys while no key can be looked up. */
  readonly authenticateScraper: (request: Pick<Request, 'headers'>) => Promise<Admission>;
  readonly keys: Pick<KeyAuthenticator, 'forget'>;
};

type AccessParts = {
  readonly config: Config;
  readonly guard: Pick<Guard, 'findApiKey' | 'touchApiKeys'>;
  readonly findUrgently: Pick<Guard, 'findApiKey'>['findApiKey'];
  readonly now: () => number;
  readonly recheckMs?: number | undefined;
};

/**
 * How long a scrape waits for the lookup of its key before it uses the last result. A scraper may time out after a
 * second, also when the database hangs.
 */
const SCRAPER_PATIENCE_MS = 250;

/** Creates the authenticators that the configuration enables. */
export function openAccess({ config, guard, findUrgently, now, recheckMs = RECHECK_MS }: AccessParts): Access {
  const resources = new AsyncDisposableStack();
  const tokens = config.auth === 'off' ? undefined : issuerOf(config, recheckMs);
  resources.use(tokens);
  const touch = (ids: readonly ApiKeyId[]) => guard.touchApiKeys(ids);
  const keys = resources.use(authenticateKeys({ find: (prefix) => guard.findApiKey(prefix), touch, now, recheckMs }));
  // Leaves half of the deadline for the answer.
  const patienceMs = Math.min(SCRAPER_PATIENCE_MS, config.deadlineMs / 2);
  const urgent = resources.use(authenticateKeys({ find: findUrgently, touch, now, recheckMs, patienceMs }));
  const by = (those: Authenticator) =>
    config.auth === 'off' ? everybodyHere : authenticateBy({ keys: those, tokens });
  return {
    authenticate: by(keys),
    authenticateUrgent: by(urgent),
    authenticateScraper: by(urgent.inOutage),
    keys: {
      forget() {
        keys.forget();
        urgent.forget();
      },
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

function issuerOf(
  { oidcIssuer, oidcAudience, oidcAlgorithms, oidcJwksUrl, oidcAllProjects }: Config,
  recheckMs: number,
): TokenAuthenticator | undefined {
  if (oidcIssuer === undefined || oidcAudience === undefined) return undefined;
  return authenticateTokens(
    {
      issuer: oidcIssuer,
      audience: oidcAudience,
      algorithms: oidcAlgorithms,
      allProjects: oidcAllProjects,
      ...(oidcJwksUrl !== undefined && { jwksUrl: oidcJwksUrl }),
    },
    { recheckMs },
  );
}
