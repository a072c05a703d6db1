import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

const ONLY_OWNER = 0o600;
const OTHERS = 0o077;

export type PrivateFile = {
  readonly text: string;
  /** Why other users may know the content; null when only its owner could read the file. */
  readonly exposed: string | null;
};

/**
 * Reads a secret and checks the permissions of the opened file, which cannot be exchanged in between. Undefined when
 * there is no file.
 */
export async function readPrivateFile(path: string): Promise<PrivateFile | undefined> {
  const direct = await openOrNone(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
  const file = direct === 'link' ? await openOrNone(path, constants.O_RDONLY) : direct;
  if (file === undefined || file === 'link') return undefined;
  try {
    const exposed = direct === 'link' ? 'it is a symbolic link' : await exposureOf(path, file);
    return { text: await file.readFile('utf8'), exposed };
  } finally {
    await file.close();
  }
}

async function openOrNone(path: string, flags: number): Promise<FileHandle | 'link' | undefined> {
  try {
    return await open(path, flags);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ELOOP') return 'link';
    if (code === 'ENOENT') return undefined;
    throw error;
  }
}

async function exposureOf(path: string, file: FileHandle): Promise<string | null> {
  // Windows uses access control lists instead of these bits.
  if (process.getuid === undefined) return null;
  const { mode, uid } = await file.stat();
  if ((mode & OTHERS) !== 0) return `its permissions are ${(mode & 0o777).toString(8)}`;
  // The owner of the directory can place any file there anyway, so that user’s file is accepted: root may start a
  // server whose directory a user created.
  const owners = [process.getuid(), (await stat(dirname(path))).uid];
  return owners.includes(uid) ? null : 'it belongs to another user';
}

/** Replaces the file or link at the path by a new file that is readable by its owner only from the beginning. */
export async function writePrivateFile(path: string, text: string): Promise<void> {
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    const file = await open(draft, 'wx', ONLY_OWNER);
    try {
      await file.writeFile(text);
    } finally {
      await file.close();
    }
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}
