import { PhaselockError } from '@phaselock/core';
import type { RequestHandler } from 'express';

/** If one of these headers is repeated, Node uses the first value, but a proxy in front may have used the second. */
const SAID_ONCE: ReadonlySet<string> = new Set([
  'host',
  'authorization',
  'content-type',
  'content-encoding',
  'origin',
  'idempotency-key',
  'if-match',
]);

/** Refuses requests with such repeated headers, because two readers could interpret them differently. */
export const refuseAmbiguous: RequestHandler = ({ rawHeaders }, _response, next) => {
  const seen = new Set<string>();
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]?.toLowerCase() ?? '';
    if (seen.has(name) && SAID_ONCE.has(name))
      throw new PhaselockError('invalid_request', { detail: `the header ${name} is repeated` });
    seen.add(name);
  }
  next();
};
