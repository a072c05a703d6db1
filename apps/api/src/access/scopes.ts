import type { Scope } from '@phaselock/contract';

/** `admin` implies everything; nothing else implies anything. */
export const grants = (held: readonly Scope[], wanted: Scope): boolean =>
  held.includes(wanted) || held.includes('admin');
