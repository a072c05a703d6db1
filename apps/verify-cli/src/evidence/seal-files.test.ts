import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { temporaryDirectory } from '@phaselock/testkit';
import { expect, test } from 'vitest';
import { UsageError } from '../usage-error.ts';
import { takeName, writeSeal } from './seal-files.ts';

/** Heads with one line, which ends when `until` settles. */
async function* heads(line: string, until = async () => {}): AsyncGenerator<string, string> {
  yield line;
  await until();
  return line;
}

const sign = (made: string): string => `signed ${made}`;
const silent = (text: string): never => {
  throw new Error(text);
};

async function contents(folder: string): Promise<Record<string, string>> {
  const names = (await readdir(folder)).toSorted();
  const texts = names.map(async (name) => {
    const bytes = await readFile(join(folder, name));
    return [name, (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString()] as const;
  });
  return Object.fromEntries(await Promise.all(texts));
}

test('a seal and its heads are complete when they have their names, and nothing else is left', async () => {
  await using folder = await temporaryDirectory();
  const seal = join(folder.path, 'seal');
  await takeName(seal, silent);
  expect(await writeSeal(seal, heads('one'), sign)).toBe('one');
  expect(await contents(folder.path)).toEqual({ seal: 'signed one', 'seal.heads.gz': 'one\n' });
  await expect(takeName(seal, silent)).rejects.toThrow(UsageError);
});

test.each(['the heads', 'the signature'])('a failure of %s leaves no file', async (what) => {
  await using folder = await temporaryDirectory();
  const made =
    what === 'the heads'
      ? writeSeal(
          join(folder.path, 'seal'),
          heads('one', async () => silent('no connection')),
          sign,
        )
      : writeSeal(join(folder.path, 'seal'), heads('one'), () => silent('no connection'));
  await expect(made).rejects.toThrow('no connection');
  expect(await readdir(folder.path)).toEqual([]);
});

test('of two seals with one name, the one that ends first is kept with its own heads', async () => {
  await using folder = await temporaryDirectory();
  const seal = join(folder.path, 'seal');
  const { promise, resolve } = Promise.withResolvers<void>();
  await takeName(seal, silent);
  const slow = writeSeal(
    seal,
    heads('slow', () => promise),
    sign,
  );
  await takeName(seal, silent);
  expect(await writeSeal(seal, heads('fast'), sign)).toBe('fast');
  resolve();
  await expect(slow).rejects.toThrow('exists already');
  expect(await contents(folder.path)).toEqual({ seal: 'signed fast', 'seal.heads.gz': 'fast\n' });
});

test('heads that an interruption left without their seal are renamed', async () => {
  await using folder = await temporaryDirectory();
  const seal = join(folder.path, 'seal');
  await writeFile(`${seal}.heads.gz`, 'left');
  const said: string[] = [];
  await takeName(seal, (text) => said.push(text));
  expect(said).toEqual([expect.stringContaining('had no seal')]);
  await writeSeal(seal, heads('one'), sign);
  const { seal: note, 'seal.heads.gz': made, ...others } = await contents(folder.path);
  expect([note, made]).toEqual(['signed one', 'one\n']);
  expect(Object.entries(others)).toEqual([[expect.stringMatching(/^seal\.heads\.gz\.[\da-f]{8}\.partial$/), 'left']]);
});

test('a seal that lost its heads is not overwritten', async () => {
  await using folder = await temporaryDirectory();
  const seal = join(folder.path, 'seal');
  await writeFile(seal, 'earlier');
  await expect(writeSeal(seal, heads('one'), sign)).rejects.toThrow('exists already');
  expect(await contents(folder.path)).toEqual({ seal: 'earlier' });
});
