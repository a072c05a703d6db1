import { PhaselockError } from '@phaselock/core';
import type { RequestHandler } from 'express';

/** Of two of these Node keeps the first, and a balancer before us may have looked at the second. */
const SAID_ONCE: ReadonlySet<string> = new Set([
  'host',
  'authorization',
  'content-type',
  'content-encoding',
  'origin',
  'idempotency-key',
  'if-match',
]);

/** A request that two readers could understand in two ways is refused, not guessed at. */
export const refuseAmbiguous: RequestHandler = ({ rawHeaders }, _response, next) => {
  const seen = new Set<string>();
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]?.toLowerCase() ?? '';
    if (seen.has(name) && SAID_ONCE.has(name))
      throw new PhaselockError('invalid_request', { detail: `the header ${name} is there twice` });
    seen.add(name);
  }
  next();
};
