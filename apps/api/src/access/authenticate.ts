import { PhaselockError } from '@phaselock/core';
import type { Request } from 'express';
import type { KeyAuthenticator } from './authenticate-key.ts';
import type { TokenAuthenticator } from './authenticate-token.ts';
import { type Caller, LOCAL } from './caller.ts';
import { refuseForeignOrigin } from './loopback-only.ts';

type Doors = { readonly keys: KeyAuthenticator; readonly tokens: TokenAuthenticator | undefined };

const BEARER = /^bearer +([\x21-\x7e]{1,8192})$/i;

/** A key of ours is told by its form; everything else can only be a token of the issuer. */
export const authenticateBy =
  ({ keys, tokens }: Doors) =>
  async ({ headers }: Pick<Request, 'headers'>): Promise<Caller> => {
    const [, credential] = BEARER.exec(headers.authorization ?? '') ?? [];
    const caller = credential === undefined ? undefined : await callerOf(credential, { keys, tokens });
    if (caller === undefined) throw new PhaselockError('unauthorized');
    return caller;
  };

const callerOf = (credential: string, { keys, tokens }: Doors): Promise<Caller | undefined> =>
  credential.startsWith('plk_')
    ? keys.authenticate(credential)
    : (tokens?.authenticate(credential) ?? Promise.resolve(undefined));

export const everybodyHere = async ({ headers }: Pick<Request, 'headers'>): Promise<Caller> => {
  const { host, origin } = headers;
  refuseForeignOrigin({ ...(host !== undefined && { host }), ...(origin !== undefined && { origin }) });
  return LOCAL;
};
