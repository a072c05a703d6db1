import type { SlotLock } from './slot-lock.ts';

/**
 * Takes no lock: the work writes with a compare-and-set. If another writer changed the slot first, the write fails, and
 * `withSlot` runs the work again.
 */
export function optimisticLock<State, Writer>(): SlotLock<State, Writer> {
  return (_slot, _deadline, work) => work({ kind: 'free' });
}
