import { chmod, lstat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryDirectory } from '@phaselock/testkit';
import { expect, test } from 'vitest';
import { choosePassword, readPassword } from './server-password.ts';

test('a password is for its owner only, and what was prepared at its place is not written through', async () => {
  await using folder = await temporaryDirectory();
  const file = join(folder.path, 'password');
  const trap = join(folder.path, 'trap');
  await writeFile(trap, 'nothing');
  await symlink(trap, file);
  const password = await choosePassword(file);
  expect(await readPassword(file)).toBe(password);
  const state = await lstat(file);
  expect([state.isFile(), state.mode & 0o777]).toEqual([true, 0o600]);
  expect(await readPassword(trap)).toBe('nothing');
});

test.skipIf(process.getuid === undefined)(
  'one that others could read is made private again, with a warning',
  async () => {
    await using folder = await temporaryDirectory();
    const file = join(folder.path, 'password');
    const password = await choosePassword(file);
    await chmod(file, 0o644);
    const warnings: string[] = [];
    expect(await readPassword(file, (text) => void warnings.push(text))).toBe(password);
    expect((await lstat(file)).mode & 0o777).toBe(0o600);
    expect(warnings).toEqual([expect.stringContaining('its rights are 644')]);
    expect(await readPassword(file, (text) => void warnings.push(text))).toBe(password);
    expect(warnings).toHaveLength(1);
  },
);

test('a password that is not there is said to be missing', async () => {
  await using folder = await temporaryDirectory();
  await expect(readPassword(join(folder.path, 'password'))).rejects.toThrow('is missing');
});
