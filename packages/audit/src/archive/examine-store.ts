import { finding } from '../check.ts';
import type { Finding } from '../finding.ts';
import type { ArchiveRecords } from './archive-records.ts';

/** The archive store as recorded in the database. */
export type RecordedStore = { readonly id: string; readonly seal: string; readonly place: string };

/**
 * Compares the configured store with the recorded one: undefined if it is the same, else the difference. Rejects if the
 * store cannot be read.
 */
export type StoreExaminer = (known: RecordedStore) => Promise<string | undefined>;

/** Yields SV507 if the store is not the recorded one. Before the first archive no store is recorded. */
export async function* examineStore(records: ArchiveRecords, examine: StoreExaminer): AsyncGenerator<Finding> {
  const known = await recordedStore(records);
  if (known === undefined) return;
  const why = await examine(known);
  if (why !== undefined) yield finding('SV507', {}, { kind: 'object', id: known.id, message: why });
}

/** The recorded store; undefined before the first archive. */
export async function recordedStore(
  records: ArchiveRecords,
): Promise<(RecordedStore & { readonly adopted: boolean }) | undefined> {
  const row = await records.store();
  if (row?.id == null || row.seal == null) return undefined;
  return { id: row.id, seal: row.seal, place: row.place ?? '', adopted: row.adopted_at !== null };
}
