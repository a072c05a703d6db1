import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';

const CLEAR = resolve(import.meta.dirname, 'clear-after-us.ts');

/** In the folder that all of a run is kept in but its records. */
export const dataDirIn = (home: string): string => join(home, 'postgres');

/** Whatever ends this process, another one then ends what the run started and removes its folder. Answers with the processes that were left. */
export function clearUpAfterUs(home: string): () => Promise<readonly number[]> {
  const child = spawn(process.execPath, [CLEAR, home], { detached: true, stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  return async () => {
    child.stdin.end();
    await ended;
    return said.split(' ').filter(Boolean).map(Number);
  };
}
