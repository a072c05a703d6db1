import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

const ONLY_OWNER = 0o600;
const OTHERS = 0o077;

export type PrivateFile = {
  readonly text: string;
  /** Why what is in it has to be taken for known to others; null when only its owner could read it. */
  readonly exposed: string | null;
};

/** Reads a secret and looks at who else could: at the file that is read, so it cannot be another one by then. Undefined when there is none. */
export async function readPrivateFile(path: string): Promise<PrivateFile | undefined> {
  const direct = await openOrNone(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
  const file = direct === 'link' ? await openOrNone(path, constants.O_RDONLY) : direct;
  if (file === undefined || file === 'link') return undefined;
  try {
    const exposed = direct === 'link' ? 'it is a link' : await exposureOf(path, file);
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
  // Windows has lists of rights in place of these bits.
  if (process.getuid === undefined) return null;
  const { mode, uid } = await file.stat();
  if ((mode & OTHERS) !== 0) return `its rights are ${(mode & 0o777).toString(8)}`;
  // Who owns the directory can put any file there, so a file of that user says nothing new: root may start what a user made.
  const owners = [process.getuid(), (await stat(dirname(path))).uid];
  return owners.includes(uid) ? null : 'it belongs to another user';
}

/** A new file in place of what is there, link or not, that nobody else could read at any time. */
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
