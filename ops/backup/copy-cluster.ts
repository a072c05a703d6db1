import { createHash } from 'node:crypto';
import type { Stats } from 'node:fs';
import { type FileHandle, lstat, mkdir, open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type CopiedFile, MANIFEST } from './backup-manifest.ts';
import { syncFolder } from './sync-folder.ts';

/**
 * Folders whose content belongs to the running server and is useless or harmful to another one. See "Backing Up The
 * Data Directory" in PostgreSQL's documentation.
 */
const CONTENT_LEFT_OUT: ReadonlySet<string> = new Set([
  'pg_dynshmem',
  'pg_notify',
  'pg_replslot',
  'pg_serial',
  'pg_snapshots',
  'pg_stat_tmp',
  'pg_subtrans',
  'pg_wal',
]);
const LEFT_OUT = /^(?:postmaster\.(?:pid|opts)|pg_internal\.init.*|pgsql_tmp.*|\..*)$/;
const CHUNK_BYTES = 1024 * 1024;

/**
 * Copies a data directory while a server may be writing to it. Files that are removed or changed meanwhile are repaired
 * by the WAL; any other error ends the copy. Owners and permissions are kept. When this returns, every file and folder
 * below `to` is on the disk.
 */
export async function copyCluster(from: string, to: string): Promise<CopiedFile[]> {
  return await copyFolder({ from, to, path: '' });
}

type Place = { readonly from: string; readonly to: string; readonly path: string };

async function copyFolder({ from, to, path }: Place): Promise<CopiedFile[]> {
  const found = await unlessGone(stat(join(from, path)));
  // The folder belongs to a database that was dropped meanwhile.
  if (found === undefined) return [];
  const names = CONTENT_LEFT_OUT.has(path) ? [] : ((await unlessGone(readdir(join(from, path)))) ?? []);
  await mkdir(join(to, path), { recursive: true });
  const copied: CopiedFile[] = [];
  for (const name of names) {
    if (LEFT_OUT.test(name) || name === MANIFEST) continue;
    copied.push(...(await copyEntry({ from, to, path: join(path, name) })));
  }
  const folder = await open(join(to, path), 'r');
  try {
    await alike(folder, found);
  } finally {
    await folder.close();
  }
  await syncFolder(join(to, path));
  return copied;
}

async function copyEntry(place: Place): Promise<CopiedFile[]> {
  const source = join(place.from, place.path);
  const found = await unlessGone(lstat(source));
  if (found === undefined) return [];
  // pg_wal may be a link to another disk. None of its files are copied.
  if (found.isDirectory() || CONTENT_LEFT_OUT.has(place.path)) return await copyFolder(place);
  // A link to a tablespace. With a copy of the link, two clusters would write to the same place.
  if (found.isSymbolicLink()) throw new Error(`${source} is a separate tablespace, which cannot be backed up.`);
  return found.isFile() ? await copyFile(place, found) : [];
}

async function copyFile({ from, to, path }: Place, found: Stats): Promise<CopiedFile[]> {
  // Only a missing source is ignored. A target that cannot be created is an error.
  const source = await unlessGone(open(join(from, path), 'r'));
  if (source === undefined) return [];
  try {
    const target = await open(join(to, path), 'wx', 0o600);
    try {
      const written = await copyBytes(source, target);
      await alike(target, found);
      await target.sync();
      return [{ path, ...written }];
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

/** The entry of a file that was written with this text instead of copied. */
export const copiedText = (path: string, text: string): CopiedFile => ({
  path,
  bytes: Buffer.byteLength(text),
  sha256: createHash('sha256').update(text).digest('hex'),
});

async function copyBytes(source: FileHandle, target: FileHandle): Promise<Omit<CopiedFile, 'path'>> {
  const hash = createHash('sha256');
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  let bytes = 0;
  for (;;) {
    const { bytesRead } = await source.read(chunk, 0, CHUNK_BYTES);
    if (bytesRead === 0) return { bytes, sha256: hash.digest('hex') };
    hash.update(chunk.subarray(0, bytesRead));
    await target.writeFile(chunk.subarray(0, bytesRead));
    bytes += bytesRead;
  }
}

async function alike(made: FileHandle, { uid, gid, mode }: Stats): Promise<void> {
  if (process.getuid?.() === 0) await made.chown(uid, gid);
  await made.chmod(mode & 0o777);
}

async function unlessGone<Value>(work: Promise<Value>): Promise<Value | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
