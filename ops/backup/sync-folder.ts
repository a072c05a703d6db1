import { open } from 'node:fs/promises';

/** Brings the names within a folder to the disk: a file that was made or renamed is there after a loss of power. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
