import { open } from 'node:fs/promises';
import { UsageError } from './read-arguments.ts';

/** Opens the log of the service for reading line by line. */
export async function openLog(path: string): Promise<AsyncDisposable & { readonly lines: AsyncIterable<string> }> {
  const file = await open(path).catch((error: Error) => {
    throw new UsageError(`--logs: ${error.message}`);
  });
  return {
    // Begun only when it is iterated: lines that are read before are lost.
    lines: { [Symbol.asyncIterator]: () => file.readLines()[Symbol.asyncIterator]() },
    [Symbol.asyncDispose]: () => file.close(),
  };
}
