import { chmod, lstat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryDirectory } from '@phaselock/testkit';
import { expect, test } from 'vitest';
import { choosePassword, readPassword } from './server-password.ts';

test('a new password is readable by its owner only, and is not written through a symlink at its path', async () => {
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
  'a password file that others could read is made private, with one warning',
  async () => {
    await using folder = await temporaryDirectory();
    const file = join(folder.path, 'password');
    const password = await choosePassword(file);
    await chmod(file, 0o644);
    const warnings: string[] = [];
    expect(await readPassword(file, (text) => void warnings.push(text))).toBe(password);
    expect((await lstat(file)).mode & 0o777).toBe(0o600);
    expect(warnings).toEqual([expect.stringContaining('its permissions are 644')]);
    expect(await readPassword(file, (text) => void warnings.push(text))).toBe(password);
    expect(warnings).toHaveLength(1);
  },
);

test('reading a password that does not exist fails as missing', async () => {
  await using folder = await temporaryDirectory();
  await expect(readPassword(join(folder.path, 'password'))).rejects.toThrow('is missing');
});
