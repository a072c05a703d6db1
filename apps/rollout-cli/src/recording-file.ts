import { closeSync, openSync, writeSync } from 'node:fs';
import type { RecordingLine } from '@phaselock/rollout';
import { Unusable } from './open-rollout.ts';

export type RecordingFile = Disposable & { readonly write: (line: RecordingLine) => void };

/**
 * Opens a recording file, and replaces an existing one. Lines are written as answers arrive, because those of a long
 * bake are large.
 */
export function openRecordingFile(path: string): RecordingFile {
  const file = orUnusable(() => openSync(path, 'w'));
  return {
    write: (line) => {
      const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
      for (let done = 0; done < bytes.length; ) done += orUnusable(() => writeSync(file, bytes, done));
    },
    [Symbol.dispose]: () => closeSync(file),
  };
}

function orUnusable<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw new Unusable(`the recording cannot be written: ${error instanceof Error ? error.message : String(error)}`);
  }
}
