import { PhaselockError } from '@phaselock/core';
import type { Caller } from './caller.ts';
import { grants } from './scopes.ts';

/**
 * The user that a staged rollout buckets: the user in `onBehalfOf` if the caller may name one, else the caller. A token
 * counts by its subject, the name of the user at the issuer, so a user is in the same bucket when a program names the
 * user and when the user calls with a token.
 */
export function subjectOf(caller: Caller, onBehalfOf: string | undefined): string | undefined {
  if (onBehalfOf !== undefined) {
    if (grants(caller.scopes, 'users:name')) return onBehalfOf;
    throw new PhaselockError('forbidden', { detail: 'onBehalfOf: needs the scope users:name' });
  }
  switch (caller.kind) {
    case 'key':
    case 'local':
      return caller.id;
    case 'token':
      return caller.name;
    case 'nobody':
      return undefined;
  }
}
