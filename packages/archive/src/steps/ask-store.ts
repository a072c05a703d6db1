import { knownStore } from '../identity/known-store.ts';
import type { RecognisedStore } from '../identity/recognise-store.ts';
import { StoreFailure } from '../stores/object-store.ts';
import type { ArchiveContext } from './archive-context.ts';

export type Asked =
  | { readonly kind: 'known'; readonly store: RecognisedStore }
  | { readonly kind: 'failed'; readonly failure: StoreFailure };

/**
 * Checks that the store responds and is the store recorded in the database. If none is recorded yet, records and marks
 * this store. Called before and after a step that relies on the store, because the store may fail or be exchanged
 * during the step.
 */
export async function askStore(ctx: ArchiveContext): Promise<Asked> {
  try {
    return { kind: 'known', store: await knownStore(ctx) };
  } catch (failure) {
    if (failure instanceof StoreFailure) return { kind: 'failed', failure };
    throw failure;
  }
}
