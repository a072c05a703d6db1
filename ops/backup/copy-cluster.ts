import { chmod, chown, copyFile, lstat, mkdir, open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Of the running server, and worthless or harmful to another one: PostgreSQL's documentation, "Backing Up The Data Directory". */
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

/**
 * Copies a data directory while a server may be writing to it: a file that goes away meanwhile, or is written to, is
 * put right by the WAL. Owners and rights stay as they are, and each file is on the disk before the next one is begun.
 */
export async function copyCluster(from: string, to: string): Promise<number> {
  let bytes = 0;
  await makeAlike(from, to);
  for (const name of await readdir(from)) {
    if (LEFT_OUT.test(name)) continue;
    const [source, target] = [join(from, name), join(to, name)];
    if (CONTENT_LEFT_OUT.has(name)) await makeAlike(source, target);
    else bytes += await copyEntry(source, target);
  }
  return bytes;
}

async function copyEntry(source: string, target: string): Promise<number> {
  const found = await unlessGone(lstat(source));
  if (found === undefined) return 0;
  if (found.isDirectory()) return await copyDirectory(source, target);
  // A tablespace elsewhere: a copy of the link would make two clusters write to one place.
  if (found.isSymbolicLink()) throw new Error(`${source} is a tablespace of its own, which this cannot back up.`);
  if (!found.isFile() || (await unlessGone(copyFile(source, target).then(() => true))) === undefined) return 0;
  await alike(target, found);
  const file = await open(target, 'r+');
  try {
    await file.sync();
    return (await file.stat()).size;
  } finally {
    await file.close();
  }
}

async function copyDirectory(source: string, target: string): Promise<number> {
  await makeAlike(source, target);
  let bytes = 0;
  for (const name of (await unlessGone(readdir(source))) ?? []) {
    if (!LEFT_OUT.test(name)) bytes += await copyEntry(join(source, name), join(target, name));
  }
  return bytes;
}

async function makeAlike(source: string, target: string): Promise<void> {
  const found = await stat(source);
  await mkdir(target, { recursive: true });
  await alike(target, found);
}

type Rights = { readonly uid: number; readonly gid: number; readonly mode: number };

async function alike(path: string, { uid, gid, mode }: Rights): Promise<void> {
  if (process.getuid?.() === 0) await chown(path, uid, gid);
  await chmod(path, mode & 0o777);
}

async function unlessGone<Value>(work: Promise<Value>): Promise<Value | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
