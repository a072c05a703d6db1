import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';

const CLEAR = resolve(import.meta.dirname, 'clear-after-us.ts');

/** The data folder of PostgreSQL in the temporary folder of a run, which holds everything but its records. */
export const dataDirIn = (home: string): string => join(home, 'postgres');

/**
 * Starts a process that cleans up once this process ends, however it ends: it kills what the run started and removes
 * its folder. The returned function triggers the cleanup and resolves with the pids of processes that were still
 * running.
 */
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
