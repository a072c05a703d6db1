import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Entry } from './operation.ts';
import { HISTORY_FILE } from './recorder.ts';

/** Reads the entries of a history in the order of their completion. */
export async function* readHistory(folder: string): AsyncGenerator<Entry> {
  const lines = createInterface({ input: createReadStream(join(folder, HISTORY_FILE)), crlfDelay: Infinity });
  for await (const line of lines) {
    const entry: Entry = JSON.parse(line);
    yield entry;
  }
}
