import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
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

const partialName = (path: string): string => `${path}.${randomBytes(4).toString('hex')}.partial`;

const existing = (path: string): UsageError =>
  new UsageError(`-o: ${path} exists already; give each seal a name of its own`);

/**
 * A seal is never overwritten, because it cannot be made again. Heads without a seal are left by an interruption; they
 * are renamed, so that the name can be used.
 */
export async function takeName(seal: string, complain: (text: string) => void): Promise<void> {
  if (existsSync(seal)) throw existing(seal);
  const heads = headsOf(seal);
  if (!existsSync(heads)) return;
  const aside = partialName(heads);
  await rename(heads, aside);
  complain(`${heads} had no seal, as after an interruption; it was renamed to ${aside}`);
}

/** Writes the heads and the seal, both under their final names only when they are complete and on the disk. */
export async function writeSeal<Made>(
  seal: string,
  lines: AsyncGenerator<string, Made>,
  sign: (made: Made) => string,
): Promise<Made> {
  // Two commands with one name write to different files.
  const partial = { heads: partialName(headsOf(seal)), note: partialName(seal) };
  try {
    const made = await writeHeads(partial.heads, lines);
    await writeFile(partial.note, sign(made), { flag: 'wx', flush: true });
    await publish(seal, partial);
    return made;
  } finally {
    await rm(partial.heads, { force: true });
    await rm(partial.note, { force: true });
  }
}

async function writeHeads<Made>(path: string, lines: AsyncGenerator<string, Made>): Promise<Made> {
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
  const file = createWriteStream(path, { flags: 'wx', flush: true });
  try {
    await pipeline(Readable.from(withNewlines()), createGzip(), file);
  } catch (error) {
    // The file may still be about to be created, and can only be removed afterwards.
    if (!file.closed) await once(file, 'close');
    throw error;
  }
  if (made === undefined) throw new Error('the heads ended early');
  return made.result;
}

async function publish(seal: string, partial: { readonly heads: string; readonly note: string }): Promise<void> {
  const heads = headsOf(seal);
  // Of two commands with one name, only one can create this file. The other one leaves it as it is.
  await writeFile(heads, '', { flag: 'wx' }).catch((error: unknown) => {
    throw existsSync(heads) ? existing(heads) : error;
  });
  try {
    if (existsSync(seal)) throw existing(seal);
    await rename(partial.heads, heads);
    await rename(partial.note, seal);
  } catch (error) {
    await rm(heads, { force: true });
    throw error;
  }
}
