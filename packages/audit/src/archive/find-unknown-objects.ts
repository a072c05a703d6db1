import { finding, type Row } from '../check.ts';
import type { Finding } from '../finding.ts';
import type { ArchiveRecords, ListedObject, StoreInventory } from './archive-records.ts';
import { recordedStore, type StoreExaminer } from './examine-store.ts';

/** Lists what is in the archive store. Rejects if the store cannot be read. */
export type StoreLister = {
  objects(): AsyncIterable<ListedObject>;
  /** The ids of the seals, of which each database that uses the store has at least one there. */
  seals(): AsyncIterable<string>;
};

type Store = { readonly examine: StoreExaminer; readonly list: StoreLister };

const PAGE = 1_000;

/**
 * Yields SV510 for each object in the store that the database does not know. If other databases use the store, or its
 * database was restored to an earlier time, such objects are nothing wrong, and are only listed.
 */
export async function* findUnknownObjects(
  records: ArchiveRecords,
  inventory: StoreInventory,
  { examine, list }: Store,
): AsyncGenerator<Finding> {
  const known = await recordedStore(records);
  // SV507 reports another store, whose objects are all unknown.
  if (known === undefined || (await examine(known)) !== undefined) return;
  const ours = !known.adopted && !(await hasUnknownSeals(inventory, list));
  for await (const objects of pagesOf(list.objects()))
    for (const row of await inventory.unknownObjects(objects)) yield judged(row, ours);
}

async function hasUnknownSeals(inventory: StoreInventory, list: StoreLister): Promise<boolean> {
  for await (const seals of pagesOf(list.seals())) if ((await inventory.unknownSeals(seals)).length > 0) return true;
  return false;
}

async function* pagesOf<Item>(items: AsyncIterable<Item>): AsyncGenerator<readonly Item[]> {
  let page: Item[] = [];
  for await (const item of items) {
    page.push(item);
    if (page.length < PAGE) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}

/** `ours`: no other database uses the store, as far as can be seen. */
function judged(row: Row, ours: boolean): Finding {
  // A session that is archived again gets an object with the same key, if its content is the same.
  const severity = ours && row.standing !== 'waiting' ? 'error' : 'info';
  const message = `${whatItIs(row)}${ours ? '' : '; another database may use the store, or this one was restored to an earlier time'}`;
  const id = row.object_key ?? null;
  return finding('SV510', row, { kind: 'object', id, message, severity });
}

function whatItIs({ session_id, standing, named }: Row): string {
  if (session_id == null) return 'no worker writes an object under this key';
  switch (standing) {
    case 'live':
      return `its session ${session_id} is live`;
    case 'waiting':
      return `its session ${session_id} is not archived yet`;
    case 'archived':
      return `the archive of its session ${session_id} is ${named}`;
    default:
      return `there is neither a session ${session_id} nor an archive of it`;
  }
}
