import { isLoopbackHost } from '@phaselock/access';
import { SCOPES, type Scope } from '@phaselock/contract';
import { PhaselockError, parseProjectId } from '@phaselock/core';
import { createRemoteJWKSet, decodeJwt, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { type Authenticator, RECHECK_MS } from './admission.ts';
import type { Caller } from './caller.ts';
import { watchExpiry } from './watch-expiry.ts';

export type TokenIssuer = {
  readonly issuer: string;
  readonly audience: string;
  readonly algorithms: readonly string[];
  /** URL of the key set of the issuer; if absent, the discovery document of the issuer names it. */
  readonly jwksUrl?: string;
  /**
   * Whether a token without a project claim is valid for all projects. Unsafe with an issuer that serves other
   * programs, too: it gives such tokens to all its users.
   */
  readonly allProjects?: boolean;
};

export type TokenAuthenticator = Authenticator & Disposable;

type Clock = { readonly now?: () => number; readonly recheckMs?: number };

/** Asymmetric algorithms only: with a shared secret, every program that can verify a token could also create one. */
const ASYMMETRIC = /^(RS|PS|ES)(256|384|512)$|^EdDSA$|^Ed25519$/;
const CLOCK_TOLERANCE_S = 5;
const DISCOVERY_TIMEOUT_MS = 3_000;
const PROJECT_CLAIM = 'phaselock_project';
const PREFIX = 'phaselock:';

/** A setting of the issuer that would make its tokens unsafe to accept. */
export class IssuerMistake extends Error {
  override readonly name = 'IssuerMistake';
}

/**
 * Authenticates bearer tokens of one issuer for one audience. The allowed algorithms come from the configuration, never
 * from the header of the token.
 */
export function authenticateTokens(
  { issuer, audience, algorithms, jwksUrl, allProjects = false }: TokenIssuer,
  { now = Date.now, recheckMs = RECHECK_MS }: Clock = {},
): TokenAuthenticator {
  for (const algorithm of algorithms) {
    if (!ASYMMETRIC.test(algorithm)) throw new IssuerMistake(`${algorithm} is not an asymmetric signature algorithm`);
  }
  const keysOf = issuerKeys(issuer, jwksUrl);
  const expiry = watchExpiry({ now, everyMs: recheckMs });
  const verify = async (token: string): Promise<JWTPayload | undefined> => {
    const keys = await keysOf();
    try {
      const { payload } = await jwtVerify(token, keys, {
        issuer,
        audience,
        algorithms: [...algorithms],
        clockTolerance: CLOCK_TOLERANCE_S,
        currentDate: new Date(now()),
        requiredClaims: ['exp', 'sub'],
      });
      return payload;
    } catch (error) {
      if (error instanceof errors.JWKSTimeout || isNetworkFailure(error)) throw unavailable(error);
      return undefined;
    }
  };
  return {
    async authenticate(token) {
      const payload = await verify(token);
      return payload === undefined ? undefined : callerOf(payload, allProjects);
    },
    watch: (token, { lost }) => expiry.watch(acceptedUntil(token), lost),
    [Symbol.dispose]: () => expiry[Symbol.dispose](),
  };
}

/**
 * When a verified token stops being accepted. Its scopes and project are part of the token and cannot change, so only
 * its `exp` ends it.
 */
const acceptedUntil = (token: string): number => ((decodeJwt(token).exp ?? 0) + CLOCK_TOLERANCE_S) * 1_000;

const isNetworkFailure = (error: unknown): boolean =>
  !(error instanceof errors.JOSEError) || error instanceof errors.JWKSInvalid || error.code === 'ERR_JOSE_GENERIC';

const unavailable = (cause: unknown): PhaselockError =>
  new PhaselockError('backend_unavailable', { detail: 'the keys of the token issuer could not be fetched', cause });

/** Finds the key set of the issuer once. A failure is not cached, so the next call tries again. */
function issuerKeys(issuer: string, jwksUrl: string | undefined): () => Promise<JWTVerifyGetKey> {
  let known: Promise<JWTVerifyGetKey> | undefined;
  const open = async (): Promise<JWTVerifyGetKey> =>
    createRemoteJWKSet(trusted(jwksUrl ?? (await discover(issuer))), { timeoutDuration: DISCOVERY_TIMEOUT_MS });
  return () => {
    known ??= open().catch((error: unknown) => {
      known = undefined;
      throw error instanceof IssuerMistake ? error : unavailable(error);
    });
    return known;
  };
}

async function discover(issuer: string): Promise<string> {
  const address = trusted(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
  const answer = await fetch(address, { signal: AbortSignal.timeout(DISCOVERY_TIMEOUT_MS), redirect: 'error' });
  const document: unknown = await answer.json();
  const found = typeof document === 'object' && document !== null && 'jwks_uri' in document ? document.jwks_uri : null;
  if (!answer.ok || typeof found !== 'string') throw new Error('the issuer returned no jwks_uri');
  return found;
}

/** Allows plain HTTP on loopback only: elsewhere an attacker on the network could replace the keys. */
function trusted(address: string): URL {
  const url = new URL(address);
  if (url.protocol !== 'https:' && !isLoopbackHost(url.hostname))
    throw new IssuerMistake('the keys of the token issuer must be fetched over https');
  return url;
}

function callerOf(payload: JWTPayload, allProjects: boolean): Caller | undefined {
  const { sub, scope, [PROJECT_CLAIM]: project } = payload;
  if (project === undefined && !allProjects)
    throw new PhaselockError('forbidden', {
      detail: `the token names no project: it needs the claim ${PROJECT_CLAIM}`,
    });
  const projectId = typeof project === 'string' ? parseProjectId(project) : null;
  // An invalid project claim must not give access to all projects.
  if (sub === undefined || projectId === undefined || (project !== undefined && projectId === null)) return undefined;
  return { kind: 'token', id: `token:${sub}`, name: sub, scopes: scopesIn(scope), projectId };
}

/**
 * Reads the scope claim. `admin` needs the prefix `phaselock:`, because the same token may name administrators of other
 * programs.
 */
function scopesIn(claim: unknown): Scope[] {
  const named = typeof claim === 'string' ? claim.split(' ') : Array.isArray(claim) ? claim.map(String) : [];
  return SCOPES.filter((scope) => named.includes(`${PREFIX}${scope}`) || (scope !== 'admin' && named.includes(scope)));
}
