import { finding } from './check.ts';
import type { Finding } from './finding.ts';
import type { Source } from './source.ts';

/** The archive store as recorded in the database. */
export type RecordedStore = { readonly id: string; readonly seal: string; readonly place: string };

/**
 * Compares the configured store with the recorded one: undefined if it is the same, else the difference. Rejects if the
 * store cannot be read.
 */
export type StoreExaminer = (known: RecordedStore) => Promise<string | undefined>;

/** Yields SV507 if the store is not the recorded one. Before the first archive no store is recorded. */
export async function* examineStore(source: Source, examine: StoreExaminer): AsyncGenerator<Finding> {
  const row = await source.archiveStore();
  if (row?.id == null || row.seal == null) return;
  const { id, seal, place } = row;
  const why = await examine({ id, seal, place: place ?? '' });
  if (why !== undefined) yield finding('SV507', {}, { kind: 'object', id, message: why });
}
