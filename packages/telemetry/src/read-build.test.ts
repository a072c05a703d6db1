import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { temporaryDirectory } from '@phaselock/testkit';
import { expect, it } from 'vitest';
import { readBuild } from './read-build.ts';

const COMMIT = 'a'.repeat(40);

it.each<[string, Record<string, string>, string | undefined, string]>([
  ['an explicit setting', { '.git/HEAD': COMMIT }, 'r1', 'r1'],
  ['a detached HEAD', { '.git/HEAD': `${COMMIT}\n` }, undefined, COMMIT],
  ['a branch', { '.git/HEAD': 'ref: refs/heads/main\n', '.git/refs/heads/main': `${COMMIT}\n` }, undefined, COMMIT],
  [
    'a packed branch',
    { '.git/HEAD': 'ref: refs/heads/main\n', '.git/packed-refs': `# pack\n${COMMIT} refs/heads/main\n` },
    undefined,
    COMMIT,
  ],
  [
    'a worktree',
    {
      '.git': 'gitdir: main/.git/worktrees/one\n',
      'main/.git/worktrees/one/HEAD': 'ref: refs/heads/one\n',
      'main/.git/worktrees/one/commondir': '../..\n',
      'main/.git/refs/heads/one': `${COMMIT}\n`,
    },
    undefined,
    COMMIT,
  ],
  ['a branch without a commit', { '.git/HEAD': 'ref: refs/heads/main\n' }, undefined, 'unknown'],
  ['no checkout', {}, undefined, 'unknown'],
])('readBuild returns the revision for %s', async (_, files, told, expected) => {
  await using directory = await temporaryDirectory();
  for (const [name, text] of Object.entries({ 'package.json': '{"version":"1.2.3"}', ...files })) {
    const file = join(directory.path, name);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
  expect(readBuild(directory.path, told)).toEqual({ version: '1.2.3', revision: expected });
});
