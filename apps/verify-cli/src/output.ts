import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { realpath, rename, rm, stat } from 'node:fs/promises';
import type { Write } from './report.ts';

export type Output = AsyncDisposable & {
  readonly write: Write;
  /** All of it is where it belongs. Without this, a file is not left behind. */
  finish(): Promise<void>;
};

/** Nobody reads the report any more, or there is no room for it. */
export class OutputFailure extends Error {
  override readonly name = 'OutputFailure';
}

/** Waits while the reader is behind, so a report of any size goes through a pipe whole and does not pile up here. */
function writeTo(stream: NodeJS.WritableStream, broken: Promise<never>): Write {
  return async (text) => {
    if (!stream.write(text)) await Promise.race([once(stream, 'drain'), broken]);
  };
}

const brokenBy = (stream: NodeJS.WritableStream, what: string): Promise<never> => {
  const { promise, reject } = Promise.withResolvers<never>();
  stream.on('error', (error: Error) => reject(new OutputFailure(`${what}: ${error.message}`, { cause: error })));
  // Whoever is not waiting just then is told by the next write, or by the end.
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

/** Under another name until it is whole: half a report must not be taken for one. What is no file, as a device or a pipe, is written into. */
export async function toFile(path: string): Promise<Output> {
  const there = await stat(path).catch(() => undefined);
  if (there !== undefined && !there.isFile()) return await opened(path, path);
  // A link stays one: what it leads to is replaced.
  const target = there === undefined ? path : await realpath(path);
  const partial = `${target}.partial`;
  return await opened(path, partial, {
    whole: () => rename(partial, target),
    abandoned: () => rm(partial, { force: true }),
  });
}

type Ending = { readonly whole: () => Promise<void>; readonly abandoned: () => Promise<void> };

async function opened(path: string, at: string, ending?: Ending): Promise<Output> {
  const stream = createWriteStream(at);
  const broken = brokenBy(stream, path);
  await Promise.race([once(stream, 'open'), broken]);
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
