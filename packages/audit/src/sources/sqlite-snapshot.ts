import {
  chmodSync,
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  mkdtempSync,
  openSync,
  readSync,
  realpathSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { SourceFailure } from '../source.ts';

/**
 * A state of an SQLite file that can be opened without leaving a trace: no `-wal` or `-shm` file appears beside the
 * database, and no byte or time of it changes.
 */
export type SqliteSnapshot = Disposable & {
  /** Where SQLite finds it. */
  readonly location: string | URL;
  readonly readOnly: boolean;
  /** Remarks for the reader of the report. */
  readonly notes: readonly string[];
  /** Whether the database was written since, so that the rows may belong to two states. */
  changed(): boolean;
};

/** First bytes of a rollback journal that has to be applied; it is zeroed when the transaction has ended. */
const JOURNAL_MAGIC = Buffer.from('d9d505f920a163d7', 'hex');
const WAL_HEADER_BYTES = 32;
const DATABASE_HEADER_BYTES = 100;
/** Byte of the database header that is 2 if the database writes to a write-ahead log. */
const READ_VERSION_AT = 19;

/**
 * Decides how to open the file:
 * - pages in a write-ahead log, or an unfinished transaction: both files are copied, and SQLite applies the log in the
 *   copy
 * - a database with an empty write-ahead log: as immutable, because SQLite would create the log and its index
 * - any other: read-only with the locks of SQLite, which creates no file
 */
export function takeSqliteSnapshot(path: string): SqliteSnapshot {
  if (!existsSync(path) || !statSync(path).isFile()) throw new SourceFailure(`${path} does not exist or is not a file`);
  // SQLite looks for the log beside the file that a symbolic link leads to.
  const file = realpathSync(path);
  const [wal, journal] = [`${file}-wal`, `${file}-journal`];
  const before = stateOf(file, wal);
  const changed = (): boolean => !existsSync(file) || stateOf(file, wal) !== before;
  if (sizeOf(wal) > WAL_HEADER_BYTES) return { ...copied(file, wal, 'its write-ahead log', changed), readOnly: true };
  // The copy is opened for writing, because SQLite rolls the transaction back there.
  if (firstBytes(journal, JOURNAL_MAGIC.length).equals(JOURNAL_MAGIC))
    return { ...copied(file, journal, 'the journal of its unfinished transaction', changed), readOnly: false };
  const nothing = (): void => undefined;
  if (firstBytes(file, DATABASE_HEADER_BYTES)[READ_VERSION_AT] !== 2)
    return { location: file, readOnly: true, notes: [], changed, [Symbol.dispose]: nothing };
  const location = pathToFileURL(file);
  location.searchParams.set('immutable', '1');
  return { location, readOnly: true, notes: [], changed, [Symbol.dispose]: nothing };
}

/**
 * Copies the database first and its log second: a transaction that is committed meanwhile is then in both or at the end
 * of the log, where SQLite finds its end by the checksums.
 */
function copied(file: string, log: string, what: string, changed: () => boolean): Omit<SqliteSnapshot, 'readOnly'> {
  const folder = mkdtempSync(join(tmpdir(), 'verify-sessions-'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    const copy = join(folder, 'copy.sqlite');
    for (const each of [file, log]) {
      const target = copy + each.slice(file.length);
      copyFileSync(each, target, constants.COPYFILE_FICLONE);
      chmodSync(target, 0o600);
    }
    const wasChanged = changed();
    return {
      location: copy,
      notes: [`Read from a temporary copy, together with ${what}.`],
      changed: () => wasChanged,
      [Symbol.dispose]: remove,
    };
  } catch (error) {
    remove();
    throw new SourceFailure(
      `${file} cannot be copied, which is necessary because ${what} is not empty: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
}

/**
 * A text that differs if the database was written: its own state, and the start of its log. Pages that are appended to
 * the log change nothing that was read before.
 */
const stateOf = (file: string, wal: string): string => {
  const { ino, size, mtimeNs, ctimeNs } = statSync(file, { bigint: true });
  const heads = [firstBytes(file, DATABASE_HEADER_BYTES), firstBytes(wal, WAL_HEADER_BYTES)];
  return [ino, size, mtimeNs, ctimeNs, ...heads.map((bytes) => bytes.toString('hex'))].join(' ');
};

const sizeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0;

/** The first bytes of a file; fewer if it is shorter, none if it does not exist. */
function firstBytes(file: string, count: number): Buffer {
  if (sizeOf(file) === 0) return Buffer.alloc(0);
  const handle = openSync(file, 'r');
  try {
    const bytes = Buffer.alloc(count);
    return bytes.subarray(0, readSync(handle, bytes, 0, count, 0));
  } finally {
    closeSync(handle);
  }
}
