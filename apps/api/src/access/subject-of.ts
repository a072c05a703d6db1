import { PhaselockError } from '@phaselock/core';
import type { Caller } from './caller.ts';
import { grants } from './scopes.ts';

/**
 * Whom a staged rollout counts: the user a caller names, if it may name one, else the caller. The subject of a token is the user's own name at the
 * issuer: a program that names users by it finds them in the same part of the rollout as when they come themselves.
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
