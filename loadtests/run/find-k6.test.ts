import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryDirectory } from '@phaselock/testkit';
import { expect, test } from 'vitest';
import { findK6, NoK6 } from './find-k6.ts';

async function program(folder: string, name: string, script: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, name);
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
  return path;
}

async function scene() {
  const home = await temporaryDirectory();
  const said: string[] = [];
  const bin = join(home.path, 'bin');
  const find = () => findK6({ env: { PATH: bin }, home: home.path, go: [bin], say: (line) => said.push(line) });
  return { home, bin, said, find, [Symbol.asyncDispose]: () => home[Symbol.asyncDispose]() };
}

test('findK6 returns the k6 on the PATH', async () => {
  await using at = await scene();
  const path = await program(at.bin, 'k6', 'echo "$(/usr/bin/basename "$0") v2.2.0 (go1.26)"');
  expect(await at.find()).toEqual({ path, version: '2.2.0' });
});

test('findK6 reports a k6 of another major version, and returns the one installed by Go', async () => {
  await using at = await scene();
  await program(at.bin, 'k6', 'echo "$(/usr/bin/basename "$0") v1.4.0 (go1.24)"');
  const path = await program(join(at.home.path, 'go/bin'), 'k6', 'echo "$(/usr/bin/basename "$0") v2.3.1 (go1.26)"');
  expect(await at.find()).toEqual({ path, version: '2.3.1' });
  expect(at.said.join()).toContain('it is k6 1.4.0, not k6 2');
});

test('findK6 builds a missing k6 only once', async () => {
  await using at = await scene();
  const built = await program(join(at.home.path, 'other'), 'k6', 'echo "$(/usr/bin/basename "$0") v2.2.0 (go1.26)"');
  // `go build … -o FILE …`
  await program(at.bin, 'go', `while [ "$1" != -o ]; do shift; done; /bin/cp ${built} "$2"`);
  const first = await at.find();
  expect(first.version).toBe('2.2.0');
  expect(await at.find()).toEqual(first);
  expect(at.said.filter((line) => line.startsWith('building k6'))).toHaveLength(1);
  expect(await readdir(join(at.home.path, '.cache/phaselock'))).toHaveLength(1);
});

test('a failed build reports its error and leaves no file', async () => {
  await using at = await scene();
  await program(at.bin, 'go', 'echo "no such module" >&2; exit 1');
  await expect(at.find()).rejects.toThrow(/could not be built.*no such module/);
  expect(await readdir(join(at.home.path, '.cache/phaselock'))).toEqual([]);
});

test('findK6 without k6 and Go states what to install', async () => {
  await using at = await scene();
  await expect(at.find()).rejects.toThrow(NoK6);
  await expect(at.find()).rejects.toThrow('neither k6 2 nor Go is on the PATH');
});
