import { bearerIn } from '@phaselock/access';
import { PhaselockError } from '@phaselock/core';
import type { Request } from 'express';
import { type Admission, type Authenticator, admitForGood } from './admission.ts';
import { type Caller, LOCAL } from './caller.ts';

type Authenticators = { readonly keys: Authenticator; readonly tokens: Authenticator | undefined };

/**
 * Authenticates by the form of the credential: an API key starts with `plk_`, everything else must be a token of the
 * issuer.
 */
export const authenticateBy =
  ({ keys, tokens }: Authenticators) =>
  async ({ headers }: Pick<Request, 'headers'>): Promise<Admission> => {
    const credential = bearerIn(headers.authorization);
    const authenticator = credential?.startsWith('plk_') ? keys : tokens;
    if (credential === undefined || authenticator === undefined) throw new PhaselockError('unauthorized');
    const again = async (): Promise<Caller> => {
      const caller = await authenticator.authenticate(credential);
      if (caller === undefined) throw new PhaselockError('unauthorized');
      return caller;
    };
    return { caller: await again(), again, watch: (watcher) => authenticator.watch(credential, watcher) };
  };

/** Admits every request when authentication is off; requests from other machines were refused before. */
export const everybodyHere = async (): Promise<Admission> => admitForGood(LOCAL);
