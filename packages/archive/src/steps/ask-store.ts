import { knownStore } from '../identity/known-store.ts';
import type { RecognisedStore } from '../identity/recognise-store.ts';
import { StoreFailure } from '../stores/object-store.ts';
import type { ArchiveContext } from './archive-context.ts';

export type Asked =
  | { readonly kind: 'known'; readonly store: RecognisedStore }
  | { readonly kind: 'failed'; readonly failure: StoreFailure };

/** Checks that the store responds and is the known store. Called before and after every step that relies on this. */
export async function askStore(ctx: ArchiveContext): Promise<Asked> {
  try {
    return { kind: 'known', store: await knownStore(ctx) };
  } catch (failure) {
    if (failure instanceof StoreFailure) return { kind: 'failed', failure };
    throw failure;
  }
}
