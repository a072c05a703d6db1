import type { Call } from './journal-line.ts';

/**
 * Whether a call took effect under a session that had been replaced. A start that finds a session of its model or an
 * empty slot replaces nothing, so its outdated confirmation does no harm.
 */
export function tookWhatIsStale({ name, outcome, told }: Pick<Call, 'name' | 'outcome' | 'told'>): boolean {
  if (outcome !== 'ok') return false;
  return name === 'stale-turn' || (name === 'stale-replace' && told?.outcome === 'replaced');
}
