import { type Catalogue, type ModelStanding, modelStanding } from '@phaselock/core';
import type { SessionRecord } from '@phaselock/store';

/** A session as lists and lookups return it, with the state of its model in the present catalogue (such as `gone`). */
export type ShownRecord = SessionRecord & { readonly modelStanding: ModelStanding };

export const showRecord = (catalogue: Catalogue, record: SessionRecord): ShownRecord => ({
  ...record,
  modelStanding: modelStanding(catalogue, record.identity),
});
