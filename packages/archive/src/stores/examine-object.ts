import { type ObjectStore, StoreFailure } from './object-store.ts';
import { inPresentVersion, type Recorded, verifyObject } from './read-verified.ts';

export type ExaminedObject =
  | { readonly kind: 'as-recorded' }
  | { readonly kind: 'missing' | 'damaged'; readonly why: string };

/** Whether the object has the recorded size and hash. Rejects when the store cannot be read. */
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
