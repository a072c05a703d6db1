import { randomUUID } from 'node:crypto';
import { access, type FileHandle, link, mkdir, open, rm, rmdir, unlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { listFolder } from './list-folder.ts';
import { type ObjectBody, type ObjectStore, type Put, StoreFailure } from './object-store.ts';
import { removeAbandoned } from './remove-abandoned.ts';
import { groupedSync, type SyncDirectory } from './sync-directories.ts';

/** Files are written here first and linked to their key when complete, so that no key ever names an incomplete file. */
const INCOMING = '.incoming';
const KEY = /^[\w-]+(?:[./][\w-]+)*$/;

/** Object store in a folder, one file per object. A write returns once the file and its name are durable on disk. */
export function folderStore(folder: string, syncDirectory: SyncDirectory = groupedSync()): ObjectStore {
  const root = resolve(folder);
  /** Folders whose names are known to be durable. */
  const named = new Set<string>();
  const incoming = join(root, INCOMING);
  const pathOf = (key: string): string => {
    if (!KEY.test(key)) throw new StoreFailure('store_unusable', `${JSON.stringify(key)} is not a valid object key`);
    return join(root, key);
  };

  return {
    place: `the folder ${root}`,

    make: () =>
      inWords(root, async () => {
        const made = await mkdir(root, { recursive: true, mode: 0o700 });
        if (made !== undefined) await Promise.all(upwards(root, dirname(made)).map(syncDirectory));
      }),

    check: () =>
      inWords(root, async () => {
        await makeBelow(root, incoming);
        const probe = join(incoming, randomUUID());
        await writeDurably(probe, oneByte);
        await unlink(probe);
        await removeAbandoned(incoming);
        return [];
      }),

    put: (key, body) =>
      inWords(root, async (): Promise<Put> => {
        const target = pathOf(key);
        const directory = dirname(target);
        await makeBelow(root, incoming);
        const made = await makeBelow(root, directory);
        const part = join(incoming, randomUUID());
        try {
          await writeDurably(part, body);
          const kind = await nameOnce(part, target);
          // Another process may have created the folder or the object and crashed before its name was flushed to disk.
          const known = !made && named.has(directory);
          await Promise.all(upwards(directory, known ? directory : root).map(syncDirectory));
          named.add(directory);
          return { kind, version: null };
        } finally {
          await rm(part, { force: true });
        }
      }),

    get: (key) =>
      inWords(root, async () => {
        const path = pathOf(key);
        const file = await open(path).catch((error: unknown) => {
          if (codeOf(error) === 'ENOENT') return undefined;
          throw error;
        });
        if (file !== undefined) return chunksOf(root, key, file.createReadStream());
        // Distinguishes a missing object from a folder that is missing or not mounted.
        if (!(await isThere(root))) throw missingFolder(root);
        return undefined;
      }),

    list: (folder) => keysIn(root, folder),

    remove: (key) =>
      inWords(root, async () => {
        const path = pathOf(key);
        await rm(path, { force: true });
        // Removes the object's folder too, if it is empty.
        if (dirname(path) !== root) await rmdir(dirname(path)).catch(() => undefined);
      }),

    [Symbol.asyncDispose]: async () => {},
  };
}

const oneByte: ObjectBody = {
  bytes: 1,
  sha256: '',
  async *open() {
    yield new Uint8Array(1);
  },
};

async function writeDurably(path: string, body: ObjectBody): Promise<void> {
  await using file = await open(path, 'wx', 0o600);
  for await (const chunk of body.open()) await writeAll(file, chunk);
  await file.datasync();
}

async function writeAll(file: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let at = 0; at < chunk.length; ) at += (await file.write(chunk, at)).bytesWritten;
}

/** Uses link() because, unlike rename(), it never replaces an existing file. */
async function nameOnce(part: string, target: string): Promise<'written' | 'exists'> {
  try {
    await link(part, target);
    return 'written';
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return 'exists';
    throw error;
  }
}

/**
 * Creates folders below the root. The root itself is not created: if it is missing, the archive is somewhere else or
 * not mounted. Returns true if anything was created.
 */
async function makeBelow(root: string, directory: string): Promise<boolean> {
  if (directory === root) return false;
  try {
    await mkdir(directory, { mode: 0o700 });
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    if (codeOf(error) !== 'ENOENT' || dirname(directory) === root) throw error;
  }
  await makeBelow(root, dirname(directory));
  await makeBelow(root, directory);
  return true;
}

/** Converts errors during reading in the same way as errors on opening. */
async function* chunksOf(root: string, key: string, stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const chunks = stream[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await inWords(root, () => chunks.next(), key);
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    await chunks.return?.();
  }
}

/** Files whose names cannot be object keys are skipped: other programs put files such as .DS_Store into folders. */
async function* keysIn(root: string, folder: string): AsyncGenerator<string> {
  const found = listFolder(root, folder);
  for (;;) {
    const next = await inWords(root, () => found.next());
    if (next.done === true) break;
    if (KEY.test(next.value)) yield next.value;
  }
  if (!(await isThere(root))) throw missingFolder(root);
}

const missingFolder = (root: string): StoreFailure =>
  new StoreFailure('store_changed', `there is no folder ${root}: it was moved, or is not mounted`);

function upwards(from: string, last: string): string[] {
  const folders: string[] = [];
  for (let at = from; at.length >= last.length; at = dirname(at)) {
    folders.push(at);
    if (at === dirname(at)) break;
  }
  return folders;
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    (error: unknown) => {
      if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return false;
      throw error;
    },
  );

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined);

/** Converts file system errors into a StoreFailure with a code. */
async function inWords<Result>(root: string, work: () => Promise<Result>, key?: string): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof StoreFailure) throw error;
    const message = error instanceof Error ? error.message : String(error);
    switch (codeOf(error)) {
      case 'ENOSPC':
      case 'EDQUOT':
        throw new StoreFailure('store_full', `there is no room left in ${root}: ${message}`, { cause: error });
      case 'EACCES':
      case 'EPERM':
      case 'EROFS':
        throw new StoreFailure('store_denied', `${root} cannot be written to: ${message}`, { cause: error });
      case 'EISDIR':
        throw new StoreFailure('object_damaged', `${key ?? root} is a folder: ${message}`, { cause: error });
      case 'ENOENT':
        if (!(await isThere(root))) throw missingFolder(root);
        throw new StoreFailure('store_unavailable', `${root}: ${message}`, { cause: error });
      case 'EEXIST':
      case 'ENOTDIR':
        throw new StoreFailure('store_unusable', `${root} is not a folder: ${message}`, { cause: error });
      default:
        throw new StoreFailure('store_unavailable', `${root}: ${message}`, { cause: error });
    }
  }
}
