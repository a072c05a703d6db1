import { createHash } from 'node:crypto';
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { TestArchive } from './open-test-archive.ts';

/** Changes the database as a superuser can, with triggers and foreign keys switched off. */
export async function plant({ ctx }: TestArchive, sql: string): Promise<void> {
  const client = await ctx.database.pool.pg.connect();
  try {
    await client.query(`begin; set local session_replication_role = replica; ${sql}; commit`);
  } finally {
    client.release(true);
  }
}

/** Path of the object of a session's archive. */
export async function objectOf({ ctx, folder }: TestArchive, sessionId: string): Promise<string> {
  const { rows } = await ctx.database.pool.pg.query<{ object_key: string }>(
    'select object_key from archives where session_id = $1',
    [sessionId],
  );
  return join(folder, rows[0]?.object_key ?? '');
}

/** Replaces the bytes of an object, and records their size and hash. */
export async function rewriteBytes(
  archive: TestArchive,
  sessionId: string,
  change: (bytes: Buffer) => Buffer,
): Promise<void> {
  const path = await objectOf(archive, sessionId);
  const bytes = change(await readFile(path));
  await writeFile(path, bytes);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  await plant(
    archive,
    `update archives set bytes = ${bytes.length}, sha256 = decode('${sha256}', 'hex') where session_id = '${sessionId}'`,
  );
}

/** Replaces a text in a document, and records the size and hash of the new object. */
export const rewriteText = (archive: TestArchive, sessionId: string, change: (text: string) => string): Promise<void> =>
  rewriteBytes(archive, sessionId, (bytes) => {
    const before = gunzipSync(bytes).toString();
    const after = change(before);
    if (after === before) throw new Error('the change found nothing to change');
    return gzipSync(after);
  });

const TABLES = [
  'archives',
  'session_events',
  'session_logs',
  'earlier_conversations',
  'processes',
  'sessions',
  'feedback',
  'slots',
] as const;

/** Copies the history and the objects, so that `restoreWhole` can undo what a test planted. */
export async function keepWhole(archive: TestArchive): Promise<void> {
  await plant(
    archive,
    `create schema kept; ${TABLES.map((table) => `create table kept.${table} as table ${table}`).join('; ')}`,
  );
  await cp(archive.folder, `${archive.folder}-kept`, { recursive: true });
}

export async function restoreWhole(archive: TestArchive): Promise<void> {
  const rows = TABLES.map(
    (table) => `delete from ${table}; insert into ${table} overriding system value table kept.${table}`,
  );
  await plant(archive, rows.join('; '));
  await rm(archive.folder, { recursive: true });
  await cp(`${archive.folder}-kept`, archive.folder, { recursive: true });
}
