import type { Scope } from '@phaselock/contract';

/**
 * Scopes that an older scope also grants: before `metrics:read` existed, keys with `sessions:read` could scrape
 * metrics, and existing scrapers still use them.
 */
const ALSO: Partial<Record<Scope, Scope>> = { 'metrics:read': 'sessions:read' };

/**
 * Whether the held scopes include the wanted one. `admin` implies every scope; otherwise only the scope itself or an
 * entry of ALSO counts.
 */
export const grants = (held: readonly Scope[], wanted: Scope): boolean =>
  [wanted, ALSO[wanted], 'admin'].some((scope) => held.some((one) => one === scope));
