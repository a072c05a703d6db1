import { type Catalogue, isModelGone, type SlotState } from '@phaselock/core';

/** A snapshot may be older than the catalogue: whoever decides or answers knows one catalogue. */
export function markMissing(state: SlotState, catalogue: Catalogue): SlotState {
  const { live } = state;
  if (live === null || live.modelMissing === isModelGone(catalogue, live.identity)) return state;
  return { ...state, live: { ...live, modelMissing: !live.modelMissing } };
}
