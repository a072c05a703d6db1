import type { Call } from './journal-line.ts';

/**
 * Whether something was done under a session that had been replaced. A start that finds a session of its model, or none at all, replaces
 * nothing: that its dialog was old does not matter.
 */
export function tookWhatIsStale({ name, outcome, told }: Pick<Call, 'name' | 'outcome' | 'told'>): boolean {
  if (outcome !== 'ok') return false;
  return name === 'stale-turn' || (name === 'stale-replace' && told?.outcome === 'replaced');
}
