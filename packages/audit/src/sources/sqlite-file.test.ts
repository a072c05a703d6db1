import { copyFileSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { temporaryDirectory } from '@phaselock/testkit';
import { describe, expect, test } from 'vitest';
import { makeVibeKanban } from '../../test/vibe-database.ts';
import { readSqliteFile, type SqliteFile } from './sqlite-file.ts';
import { openVibeKanban } from './vibe-kanban.ts';

type Opened = DatabaseSync & Disposable;

function open(path: string, journal: 'wal' | 'delete'): Opened {
  const database = new DatabaseSync(path);
  database.exec(`pragma journal_mode = ${journal}; create table if not exists note (text text)`);
  return Object.assign(database, { [Symbol.dispose]: () => database.close() });
}

function write(database: DatabaseSync, text: string): void {
  database.prepare('insert into note values (?)').run(text);
}

const notesIn = (file: SqliteFile): string[] =>
  [...file.rows('select text from note order by rowid')].map(({ text }) => String(text));
const read = (path: string): string[] => readSqliteFile(path, notesIn);

/** Name, bytes and times of each file. */
const filesIn = (directory: string) =>
  readdirSync(directory).map((name) => {
    const path = join(directory, name);
    const { mtimeNs, ctimeNs, ino } = statSync(path, { bigint: true });
    return { name, bytes: readFileSync(path, 'base64'), mtimeNs, ctimeNs, ino };
  });

describe('a database is read completely and left as it is', () => {
  test('with a write-ahead log that its program removed when it ended', async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, 'db.sqlite');
    {
      using database = open(path, 'wal');
      write(database, 'one');
    }
    const before = filesIn(directory.path);
    expect(before.map(({ name }) => name)).toEqual(['db.sqlite']);
    expect(read(path)).toEqual(['one']);
    expect(filesIn(directory.path)).toEqual(before);
  });

  test('with a rollback journal', async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, 'db.sqlite');
    using database = open(path, 'delete');
    write(database, 'one');
    const before = filesIn(directory.path);
    expect(read(path)).toEqual(['one']);
    expect(filesIn(directory.path)).toEqual(before);
  });

  test('while its program runs and has pages in the write-ahead log, also through a symbolic link', async () => {
    await using directory = await temporaryDirectory();
    const [folder, link] = [join(directory.path, 'folder'), join(directory.path, 'link')];
    mkdirSync(folder);
    const path = join(folder, 'db.sqlite');
    symlinkSync(path, link);
    using database = open(path, 'wal');
    write(database, 'in the log');
    const before = filesIn(folder);
    expect(before.map(({ name }) => name)).toEqual(['db.sqlite', 'db.sqlite-shm', 'db.sqlite-wal']);
    expect(read(path)).toEqual(['in the log']);
    expect(read(link)).toEqual(['in the log']);
    expect(readSqliteFile(path, ({ notes }) => notes)).toEqual([
      'Read from a temporary copy, together with its write-ahead log.',
    ]);
    expect(filesIn(folder)).toEqual(before);
  });

  test('no copy of a written database remains', async () => {
    await using directory = await temporaryDirectory();
    const { TMPDIR } = process.env;
    try {
      process.env.TMPDIR = directory.path;
      const path = join(directory.path, 'db.sqlite');
      using database = open(path, 'wal');
      write(database, 'in the log');
      const before = readdirSync(directory.path);
      expect(read(path)).toEqual(['in the log']);
      expect(() => readSqliteFile(path, (file) => [...file.rows('select missing from note')])).toThrow(
        'no such column',
      );
      expect(readdirSync(directory.path)).toEqual(before);
    } finally {
      if (TMPDIR === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = TMPDIR;
    }
  });

  test('after a crash that left pages in the write-ahead log', async () => {
    await using directory = await temporaryDirectory();
    const crashed = join(directory.path, 'crashed');
    mkdirSync(crashed);
    const path = join(directory.path, 'db.sqlite');
    using database = open(path, 'wal');
    write(database, 'in the log');
    for (const end of ['', '-wal']) copyFileSync(`${path}${end}`, join(crashed, `db.sqlite${end}`));
    const before = filesIn(crashed);
    expect(read(join(crashed, 'db.sqlite'))).toEqual(['in the log']);
    expect(filesIn(crashed)).toEqual(before);
  });

  test('after a crash in the middle of a transaction, without the changes of that transaction', async () => {
    await using directory = await temporaryDirectory();
    const crashed = join(directory.path, 'crashed');
    mkdirSync(crashed);
    const path = join(directory.path, 'db.sqlite');
    using database = open(path, 'delete');
    const texts = Array.from({ length: 50 }, (_, index) => `${index} ${'x'.repeat(2_000)}`);
    for (const text of texts) write(database, text);
    // With so small a cache, SQLite writes changed pages to the file before the commit.
    database.exec(`pragma cache_size = 2; begin; update note set text = 'uncommitted' || text`);
    for (const end of ['', '-journal']) copyFileSync(`${path}${end}`, join(crashed, `db.sqlite${end}`));
    const before = filesIn(crashed);
    expect(readFileSync(join(crashed, 'db.sqlite'), 'latin1')).toContain('uncommitted');
    expect(read(join(crashed, 'db.sqlite'))).toEqual(texts);
    expect(filesIn(crashed)).toEqual(before);
  });

  test('by a source, with or without its program', async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, 'db.sqlite');
    makeVibeKanban(path, [{}, { passed: 's-0' }]);
    const before = filesIn(directory.path);
    const wanted = { kind: 'all' } as const;
    {
      await using source = openVibeKanban({ path, profiles: undefined, wanted });
      expect((await source.count()).interactions).toBe(2);
    }
    expect(filesIn(directory.path)).toEqual(before);
    using database = new DatabaseSync(path);
    database.exec(`update execution_processes set dropped = 1 where run_reason = 'setupscript'`);
    database.exec(`delete from execution_processes where executor_action like '%"session_id"%'`);
    await using source = openVibeKanban({ path, profiles: undefined, wanted });
    expect((await source.count()).interactions).toBe(1);
    expect(source.notes.join('\n')).toContain('Read from a temporary copy');
  });
});

describe('a database that is written while it is read', () => {
  /** A database that another program writes at the first reads. */
  async function readWhileWritten(writes: number): Promise<string[]> {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, 'db.sqlite');
    open(path, 'wal').close();
    let written = 0;
    return readSqliteFile(path, (file) => {
      if (written < writes) {
        written += 1;
        using other = open(path, 'wal');
        write(other, `${written} ${'x'.repeat(5_000)}`);
      }
      return notesIn(file).map((text) => text.slice(0, 1));
    });
  }

  test('is read again', async () => {
    expect(await readWhileWritten(2)).toEqual(['1', '2']);
  });

  test('is refused if it changes each time', async () => {
    await expect(readWhileWritten(3)).rejects.toThrow(/db\.sqlite changed while it was read, 3 times/);
  });

  test('is told rather than the damage that a mixture of two states seems to have', async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, 'db.sqlite');
    open(path, 'wal').close();
    const work = (): never => {
      using other = open(path, 'wal');
      write(other, 'x'.repeat(5_000));
      throw new Error('nonsense');
    };
    expect(() => readSqliteFile(path, work)).toThrow(/changed while it was read/);
  });
});
