import { chmod, chown, lstat, readFile, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openTestGuard, temporaryDirectory } from '@phaselock/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { localKey } from './local-key.ts';

let stack: AsyncDisposableStack;
let guard: Parameters<typeof localKey>[0];
let folder: string;
let file: string;
const warnings: string[] = [];
beforeEach(async () => {
  stack = new AsyncDisposableStack();
  ({ guard } = stack.use(await openTestGuard()));
  folder = stack.use(await temporaryDirectory()).path;
  file = join(folder, 'api-key');
  warnings.length = 0;
});
afterEach(() => stack.disposeAsync());

const open = () => localKey(guard, folder, (text) => void warnings.push(text));
const isValid = async (key: string) => (await guard.findApiKey(key.slice(4, 16)))?.revokedAt === null;
const onlyOwnerMay = async () => {
  const state = await lstat(file);
  return state.isFile() && (state.mode & 0o777) === 0o600;
};

test('the local key is readable by its owner only and stays the same after a restart', async () => {
  const { key } = await open();
  expect(await onlyOwnerMay()).toBe(true);
  expect(await open()).toEqual({ key, file });
  expect(await readFile(file, 'utf8')).toBe(`${key}\n`);
  expect(warnings).toEqual([]);
});

describe.skipIf(process.getuid === undefined)('a local key that other users could read', () => {
  test.each<[string, () => Promise<unknown>]>([
    ['by all', () => chmod(file, 0o644)],
    ['by its group', () => chmod(file, 0o640)],
    ['and changed', () => chmod(file, 0o622)],
    [
      'through a link',
      async () => {
        await rename(file, `${file}-elsewhere`);
        await symlink(`${file}-elsewhere`, file);
      },
    ],
  ])('(%s) is revoked and replaced by one that they cannot read', async (_, expose) => {
    const { key: before } = await open();
    await expose();
    const { key: after } = await open();
    expect(after).not.toBe(before);
    expect([await isValid(before), await isValid(after)]).toEqual([false, true]);
    expect(await onlyOwnerMay()).toBe(true);
    expect(warnings).toEqual([expect.stringContaining('its key was revoked')]);
    expect(await open()).toEqual({ key: after, file });
  });

  test.skipIf(process.getuid?.() !== 0)('is replaced as well if its file belongs to another user', async () => {
    const { key: before } = await open();
    await chown(file, 12_345, 12_345);
    await open();
    expect(await isValid(before)).toBe(false);
  });

  test.skipIf(process.getuid?.() !== 0)('is kept if file and directory belong to the same user', async () => {
    const { key } = await open();
    await chown(file, 12_345, 12_345);
    await chown(folder, 12_345, 12_345);
    expect((await open()).key).toBe(key);
  });
});

test('an unknown key in the file is replaced without a warning', async () => {
  await writeFile(file, 'plk_nothing', { mode: 0o644 });
  await open();
  expect(await onlyOwnerMay()).toBe(true);
  expect(warnings).toEqual([]);
});
