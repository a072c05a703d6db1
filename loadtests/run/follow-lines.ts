import { open } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';

const EVERY_MS = 200;
const CHUNK = 1 << 18;

/** Yields the complete lines of a file while another process appends to it, until the signal. */
export async function* followLines(file: string, signal: AbortSignal): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  const chunk = Buffer.alloc(CHUNK);
  let [position, rest] = [0, ''];
  while (!signal.aborted) {
    const bytesRead = await readAt(file, chunk, position);
    position += bytesRead;
    const lines = (rest + decoder.decode(chunk.subarray(0, bytesRead), { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
    if (bytesRead < CHUNK) await pause(EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
}

async function readAt(file: string, chunk: Buffer, position: number): Promise<number> {
  try {
    await using handle = await open(file);
    return (await handle.read(chunk, 0, chunk.length, position)).bytesRead;
  } catch {
    // k6 has not created the file yet.
    return 0;
  }
}
