import type { SlotLock } from './slot-lock.ts';

/** Takes no lock: the write is a compare-and-set, and the loser of a race decides again. */
export function optimisticLock<State, Writer>(): SlotLock<State, Writer> {
  return (_slot, _deadline, work) => work({ kind: 'free' });
}
