import { opendir } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * The files in a folder and in the folders below it, as paths relative to the root. A folder that does not exist has no
 * files: others may remove empty folders meanwhile.
 */
export async function* listFolder(root: string, folder: string): AsyncGenerator<string> {
  const entries = await opendir(join(root, folder)).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (entries === undefined) return;
  for await (const entry of entries) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) yield* listFolder(root, path);
    else if (entry.isFile()) yield path;
  }
}
