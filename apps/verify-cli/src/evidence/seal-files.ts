import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { SourceFailure } from '@phaselock/audit';
import { UsageError } from '../usage-error.ts';
import { readText } from './key-files.ts';

/** The heads are stored beside their seal. */
const headsOf = (seal: string): string => `${seal}.heads.gz`;

type SealFile = { readonly note: string; readonly heads: () => AsyncIterable<string> };

/** Opens a seal and the heads beside it, which can be read several times. */
export async function openSealFile(flag: string, path: string): Promise<SealFile> {
  const note = await readText(flag, path);
  const file = headsOf(path);
  if (!existsSync(file))
    throw new UsageError(`${flag}: ${file} is missing: without the heads, only the signature of a seal can be checked`);
  return { note, heads: () => linesOf(file) };
}

async function* linesOf(file: string): AsyncGenerator<string> {
  const [compressed, text] = [createReadStream(file), createGunzip()];
  compressed.once('error', (error) => text.destroy(error));
  compressed.pipe(text).setEncoding('utf8');
  let rest = '';
  try {
    for await (const chunk of text) {
      const lines = `${rest}${chunk}`.split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
    }
    if (rest !== '') throw new Error('its last line is cut off');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new SourceFailure(`${file} is damaged: ${why}`, { cause: error });
  } finally {
    compressed.destroy();
    text.destroy();
  }
}

/** A seal is never overwritten, because it cannot be made again. */
export function refuseExisting(path: string): void {
  for (const file of [path, headsOf(path)])
    if (existsSync(file)) throw new UsageError(`-o: ${file} exists already; give each seal a name of its own`);
}

/** Writes the heads beside the seal, under their final name only when they are complete. */
export async function writeHeads<Made>(seal: string, lines: AsyncGenerator<string, Made>): Promise<Made> {
  const partial = `${headsOf(seal)}.partial`;
  let made: { readonly result: Made } | undefined;
  async function* withNewlines(): AsyncGenerator<string> {
    for (;;) {
      const next = await lines.next();
      if (next.done === true) {
        made = { result: next.value };
        return;
      }
      yield `${next.value}\n`;
    }
  }
  try {
    await pipeline(Readable.from(withNewlines()), createGzip(), createWriteStream(partial));
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
  await rename(partial, headsOf(seal));
  if (made === undefined) throw new Error('the heads ended early');
  return made.result;
}
