import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { monotonic } from '../clock.ts';
import type { Entry, Operation } from './operation.ts';

export const HISTORY_FILE = 'history.ndjson';

export type Recorder = {
  operation(operation: Omit<Operation, 'is' | 'n'>): void;
  entry(entry: Entry): void;
  readonly count: number;
  /** Called with each operation as it completes. */
  onOperation(listener: (operation: Operation) => void): () => void;
  close(): Promise<void>;
};

/**
 * Writes the history as the clients observed it to a file, one JSON line per entry. Entries are not kept in memory: the
 * checkers read the file.
 */
export async function openRecorder(folder: string): Promise<Recorder> {
  await mkdir(folder, { recursive: true });
  const file = createWriteStream(join(folder, HISTORY_FILE));
  const listeners = new Set<(operation: Operation) => void>();
  let count = 0;
  const entry = (one: Entry) => void file.write(`${JSON.stringify(one)}\n`);
  return {
    entry,
    operation: (said) => {
      count += 1;
      const operation: Operation = { is: 'operation', n: count, ...said };
      entry(operation);
      for (const listener of listeners) listener(operation);
    },
    get count() {
      return count;
    },
    onOperation: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    close: async () => {
      file.end();
      await finished(file);
    },
  };
}

export const roundedNow = (): number => Math.round(monotonic() * 1_000) / 1_000;
