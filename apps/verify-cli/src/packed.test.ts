import { execFileSync, spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { createTestDatabase, temporaryDirectory } from '@phaselock/testkit';
import { expect, test } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../../..');

test('the packed verify-sessions runs outside the repository', async () => {
  await using directory = await temporaryDirectory();
  await using database = await createTestDatabase();
  const cwd = directory.path;
  const packed = execFileSync(process.execPath, [join(ROOT, 'checks/pack-verify-sessions.ts'), cwd], {
    encoding: 'utf8',
  });
  execFileSync('tar', ['xzf', packed.trim()], { cwd });
  const run = (...args: string[]) => {
    const file = join(cwd, 'package/verify-sessions.mjs');
    const { status, stdout, stderr } = spawnSync(process.execPath, [file, ...args], {
      cwd,
      encoding: 'utf8',
      env: { PATH: process.env.PATH },
    });
    return { status, stdout, stderr };
  };
  expect(run('explain', 'SV101')).toMatchObject({
    status: 0,
    stdout: expect.stringContaining('model-change-not-fresh'),
  });
  expect(run('--all', '--database', database.url)).toMatchObject({ status: 0, stderr: '' });
  expect(run('--all')).toMatchObject({ status: 1, stderr: expect.stringContaining('there is no database') });
});
