import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { realpath, rename, rm, stat } from 'node:fs/promises';
import { UsageError } from './read-arguments.ts';
import type { Write } from './report.ts';
import { untilEnded } from './until-ended.ts';

export type Output = AsyncDisposable & {
  readonly write: Write;
  /** Flushes the output and gives a file its final name. Disposing without this call removes the partial file. */
  finish(): Promise<void>;
};

/** The report cannot be written: the reader closed the pipe, or the disk is full. */
export class OutputFailure extends Error {
  override readonly name = 'OutputFailure';
}

/** Waits for the stream to drain (back-pressure), so that a large report is not buffered in memory. */
function writeTo(stream: NodeJS.WritableStream, broken: Promise<never>): Write {
  return async (text) => {
    if (!stream.write(text)) await Promise.race([once(stream, 'drain'), broken]);
  };
}

const brokenBy = (stream: NodeJS.WritableStream, what: string): Promise<never> => {
  const { promise, reject } = Promise.withResolvers<never>();
  stream.on('error', (error: Error) => reject(new OutputFailure(`${what}: ${error.message}`, { cause: error })));
  // Prevents an unhandled rejection while no write is waiting; a later write or `finish` rejects.
  promise.catch(() => undefined);
  return promise;
};

export function toStandardOutput(stdout: NodeJS.WritableStream): Output {
  const broken = brokenBy(stdout, 'standard output');
  const write = writeTo(stdout, broken);
  return {
    write,
    finish: async () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      stdout.write('', () => resolve());
      await Promise.race([promise, broken]);
    },
    [Symbol.asyncDispose]: async () => {},
  };
}

/**
 * Writes to a new file beside the path and renames it at the end, so that an incomplete report never has the final
 * name, and two audits never write to one file. A path that is not a regular file, such as a device or a pipe, is
 * written directly. A path that cannot be written is a usage error.
 */
export async function toFile(path: string, ended?: AbortSignal): Promise<Output> {
  const there = await stat(path).catch(() => undefined);
  if (there?.isDirectory() === true) throw new UsageError(`${path} is a folder, not a file`);
  if (there !== undefined && !there.isFile()) {
    const opening = opened(path, path);
    // A pipe opens only once it has a reader.
    return await (ended === undefined ? opening : untilEnded(ended, opening));
  }
  // A symbolic link stays in place; its target is replaced.
  const target = there === undefined ? path : await realpath(path);
  const partial = `${target}.${randomBytes(4).toString('hex')}.partial`;
  return await opened(path, partial, {
    whole: () => rename(partial, target),
    abandoned: () => rm(partial, { force: true }),
  });
}

type Ending = { readonly whole: () => Promise<void>; readonly abandoned: () => Promise<void> };

async function opened(path: string, at: string, ending?: Ending): Promise<Output> {
  const stream = createWriteStream(at);
  const broken = brokenBy(stream, path);
  const { promise: open, resolve } = Promise.withResolvers<void>();
  stream.once('open', () => resolve());
  await Promise.race([open, broken]).catch((error: Error) => {
    // Without the name of the new file, which the user did not give.
    throw new UsageError(`cannot write ${error.message.replace(/, open .*$/s, '')}`, { cause: error });
  });
  let finished = false;
  return {
    write: writeTo(stream, broken),
    finish: async () => {
      stream.end();
      await Promise.race([once(stream, 'close'), broken]);
      await ending?.whole();
      finished = true;
    },
    [Symbol.asyncDispose]: async () => {
      if (finished) return;
      stream.destroy();
      await ending?.abandoned();
    },
  };
}
