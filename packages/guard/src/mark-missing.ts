import { type Catalogue, isModelGone, type SlotState } from '@phaselock/core';

/** A snapshot does not say whether the model is gone: it would be older than the catalogue that decisions are made with. */
export function markMissing(state: SlotState, catalogue: Catalogue): SlotState {
  const { live } = state;
  if (live === null || live.modelMissing === isModelGone(catalogue, live.identity)) return state;
  return { ...state, live: { ...live, modelMissing: !live.modelMissing } };
}
