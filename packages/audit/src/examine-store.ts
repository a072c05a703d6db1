import { finding } from './check.ts';
import type { Finding } from './finding.ts';
import type { Source } from './source.ts';

/** The store as the database knows it. */
export type RecordedStore = { readonly id: string; readonly seal: string; readonly place: string };

/** Whether the store that is looked at is that one; why not, otherwise. Rejects when the store does not say. */
export type StoreExaminer = (known: RecordedStore) => Promise<string | undefined>;

/** Before the first archive there is no store to know. */
export async function* examineStore(source: Source, examine: StoreExaminer): AsyncGenerator<Finding> {
  const row = await source.archiveStore();
  if (row?.id == null || row.seal == null) return;
  const { id, seal, place } = row;
  const why = await examine({ id, seal, place: place ?? '' });
  if (why !== undefined) yield finding('SV507', {}, { kind: 'object', id, message: why });
}
