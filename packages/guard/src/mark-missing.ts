import { type Catalogue, isModelGone, type SlotState } from '@phaselock/core';

/**
 * Sets `modelMissing` from the current catalogue. The value in a snapshot may be older than the catalogue used to
 * decide.
 */
export function markMissing(state: SlotState, catalogue: Catalogue): SlotState {
  const { live } = state;
  if (live === null || live.modelMissing === isModelGone(catalogue, live.identity)) return state;
  return { ...state, live: { ...live, modelMissing: !live.modelMissing } };
}
