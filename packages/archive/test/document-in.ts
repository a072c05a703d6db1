import type { ArchiveRecord } from '@phaselock/store';
import { sessionArchive } from '../src/format/session-archive.ts';
import type { ObjectStore } from '../src/stores/object-store.ts';
import { openArchived } from '../src/stores/open-archived.ts';

/** Reads and parses the archived document of a record. */
export async function documentIn(store: ObjectStore, record: ArchiveRecord | undefined) {
  if (record === undefined) throw new Error('there is no record of an archive');
  const text = Buffer.concat(await Array.fromAsync(await openArchived(store, record))).toString();
  return sessionArchive.parse(JSON.parse(text));
}
