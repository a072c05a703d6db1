import type { SlotLock } from './slot-lock.ts';

/** No lock at all: the write's own condition decides, and who loses decides again. */
export function optimisticLock<State, Writer>(): SlotLock<State, Writer> {
  return (_slot, _deadline, work) => work({ kind: 'free' });
}
