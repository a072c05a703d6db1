import { open, rename, stat } from 'node:fs/promises';

const LARGE = 16 * 1024 * 1024;

/**
 * Opens the log for appending, and renames a large one first. A file and not a pipe, because the server may outlive
 * this process.
 */
export async function openServerLog(file: string) {
  const { size } = await stat(file).catch(() => ({ size: 0 }));
  if (size > LARGE) await rename(file, `${file}.1`);
  return open(file, 'a', 0o600);
}

/** Reads the last lines that were written after the offset `since`. */
export async function readServerLog(file: string, since: number, lines = 15): Promise<string> {
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    const start = Math.max(since, size - 64 * 1024);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(Math.max(0, size - start)), 0, null, start);
    return buffer.toString('utf8', 0, bytesRead).trimEnd().split('\n').slice(-lines).join('\n');
  } finally {
    await handle.close();
  }
}
