import { chmod, cp, lstat, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { temporaryDirectory } from '@phaselock/testkit';
import { expect, test } from 'vitest';
import { findNativePackage } from './native-package.ts';
import { canEnter } from './path-access.ts';
import { serverPrograms } from './server-programs.ts';

const STRANGER = { uid: 12_345, gid: 12_345 };

test('an unsupported platform is rejected with a hint to PHASELOCK_DATABASE_URL', async () => {
  await expect(findNativePackage('sunos-sparc')).rejects.toThrow(
    /no embedded PostgreSQL for sunos-sparc.*PHASELOCK_DATABASE_URL/,
  );
});

test('the programs run in place when the account can reach them', async () => {
  const native = await findNativePackage();
  const { postgres } = await serverPrograms(native, undefined, '/nowhere');
  expect(dirname(dirname(postgres))).toBe(native.tree);
});

test('programs in a private directory are copied once for another account, including library links', async () => {
  await using directory = await temporaryDirectory();
  const native = await findNativePackage();
  const [hidden, copies] = [join(directory.path, 'private'), join(directory.path, 'copies')];
  await mkdir(hidden, { mode: 0o700 });
  const tree = join(hidden, 'native');
  await cp(native.tree, tree, { recursive: true, verbatimSymlinks: true });
  for (const file of await readdir(join(tree, 'lib'), { withFileTypes: true })) {
    if (file.isSymbolicLink()) await rm(join(tree, 'lib', file.name));
  }
  await mkdir(copies);
  for (const path of [directory.path, copies]) await chmod(path, 0o711);
  const asked = () => serverPrograms({ tree, version: '1' }, STRANGER, copies);
  const [{ postgres }, again] = await Promise.all([asked(), asked()]);
  expect(again.postgres).toBe(postgres);
  expect(postgres).toBe(join(copies, 'postgresql-1/bin/postgres'));
  expect(await readdir(copies)).toEqual(['postgresql-1']);
  expect((await stat(postgres)).mode & 0o777).toBe(0o755);
  expect(await canEnter(join(copies, 'postgresql-1/lib'), STRANGER)).toBe(true);
  const original = (await readdir(join(native.tree, 'lib'))).filter((name) => !name.endsWith('.a'));
  expect((await readdir(join(copies, 'postgresql-1/lib'))).toSorted()).toEqual(original.toSorted());
  for (const name of original) await expect(lstat(join(copies, 'postgresql-1/lib', name))).resolves.toBeDefined();
});
