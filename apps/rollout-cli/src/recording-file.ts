import { closeSync, openSync, writeSync } from 'node:fs';
import type { RecordingLine } from '@phaselock/rollout';
import { Unusable } from './open-rollout.ts';

export type RecordingFile = Disposable & { readonly write: (line: RecordingLine) => void };

/** Written line by line as answers come, since those of a long bake are large; what was there before is replaced. */
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
