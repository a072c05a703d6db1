import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

const ABANDONED_MS = 86_400_000;

/**
 * Removes files that a crashed process left a day ago. Other processes write to and delete from the same folder
 * meanwhile.
 */
export async function removeAbandoned(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const found = await stat(path).catch(() => undefined);
    if (found !== undefined && Date.now() - found.mtimeMs > ABANDONED_MS) await rm(path, { force: true });
  }
}
