import type { ArchiveRecords, ListedObject } from '../../archive/archive-records.ts';
import type { Row } from '../../check.ts';
import type { ScopeSql } from '../scope.ts';
import { KNOWN_STORE } from './archive-checks.ts';
import { ARCHIVED_PARTS, archivesPage, LOG_DIGEST } from './archived-parts.ts';
import { REMOVED, UNKNOWN_OBJECTS, UNKNOWN_SEALS } from './unknown-objects.ts';

type Ask = (sql: string, values: unknown[]) => Promise<readonly Row[]>;

type Asking = {
  /** Asks in the snapshot of the audit. */
  readonly ask: Ask;
  /** Asks in a new snapshot: the store goes on while the audit runs. */
  readonly askNow: Ask;
  readonly within: ScopeSql;
  /** Whether the whole store can be compared with the records. */
  readonly whole: boolean;
};

/** The archive records of a phaselock database. */
export function ownArchiveRecords({ ask, askNow, within, whole }: Asking): ArchiveRecords {
  const keysOf = (objects: readonly ListedObject[]): unknown[] => [
    objects.map(({ objectKey }) => objectKey),
    objects.map(({ sessionId }) => sessionId),
  ];
  return {
    page: (after) => ask(archivesPage(within), [...within.values, after]),
    parts: (ids) => ask(ARCHIVED_PARTS, [ids]),
    async logDigest(id, lastLine) {
      const [row] = await ask(LOG_DIGEST, [id, lastLine]);
      return { lines: Number(row?.lines), digest: BigInt(row?.digest ?? 0) };
    },
    wasRemoved: async (id) => (await askNow(REMOVED, [id]))[0]?.removed === 'true',
    store: async () => (await ask(KNOWN_STORE, []))[0],
    inventory: !whole
      ? undefined
      : {
          async unknownObjects(objects) {
            const before = new Set((await ask(UNKNOWN_OBJECTS, keysOf(objects))).map((row) => row.object_key));
            const left = objects.filter(({ objectKey }) => before.has(objectKey));
            return left.length === 0 ? [] : await askNow(UNKNOWN_OBJECTS, keysOf(left));
          },
          async unknownSeals(seals) {
            const left = (await ask(UNKNOWN_SEALS, [seals])).flatMap(({ seal }) => (seal == null ? [] : [seal]));
            return left.length === 0 ? [] : await askNow(UNKNOWN_SEALS, [left]);
          },
        },
  };
}
