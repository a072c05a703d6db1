import type { Scope } from '@phaselock/contract';

/** Before there was a scope for the numbers, a key that may read sessions read them, too: those who scrape with one go on. */
const ALSO: Partial<Record<Scope, Scope>> = { 'metrics:read': 'sessions:read' };

/** `admin` implies everything; nothing else implies anything, but what was allowed before it had a scope of its own. */
export const grants = (held: readonly Scope[], wanted: Scope): boolean =>
  [wanted, ALSO[wanted], 'admin'].some((scope) => held.some((one) => one === scope));
