import { type ObjectStore, StoreFailure } from './object-store.ts';
import { inPresentVersion, type Recorded, verifyObject } from './read-verified.ts';

export type ExaminedObject =
  | { readonly kind: 'as-recorded' }
  | { readonly kind: 'missing' | 'damaged'; readonly why: string };

/** Whether an object is what was recorded of it. Rejects when the store does not say. */
export async function examineObject(store: ObjectStore, recorded: Recorded): Promise<ExaminedObject> {
  try {
    await inPresentVersion(recorded, (one) => verifyObject(store, one));
    return { kind: 'as-recorded' };
  } catch (error) {
    if (!(error instanceof StoreFailure)) throw error;
    if (error.code === 'object_missing') return { kind: 'missing', why: error.message };
    if (error.code === 'object_damaged') return { kind: 'damaged', why: error.message };
    throw error;
  }
}
