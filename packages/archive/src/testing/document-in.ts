import { gunzipSync } from 'node:zlib';
import type { ArchiveRecord } from '@phaselock/store';
import { sessionArchive } from '../format/session-archive.ts';
import type { ObjectStore } from '../stores/object-store.ts';
import { readVerified } from '../stores/read-verified.ts';

/** What is in the store for a record, as a document. */
export async function documentIn(store: ObjectStore, record: ArchiveRecord | undefined) {
  if (record === undefined) throw new Error('there is no record of an archive');
  const bytes = Buffer.concat(await Array.fromAsync(readVerified(store, record)));
  return sessionArchive.parse(JSON.parse(gunzipSync(bytes).toString()));
}
