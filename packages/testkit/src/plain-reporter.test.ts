import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { spawnNode } from './spawn-node.ts';
import { type TemporaryDirectory, temporaryDirectory } from './temporary-directory.ts';

const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
const reporter = fileURLToPath(new URL('./plain-reporter.ts', import.meta.url));

async function runTests(directory: TemporaryDirectory, files: Record<string, string>, env: NodeJS.ProcessEnv) {
  for (const [name, text] of Object.entries(files)) await writeFile(join(directory.path, name), text);
  const args = ['run', '--globals', '--root', directory.path, '--reporter=default', `--reporter=${reporter}`];
  await using run = spawnNode(vitest, { args, env });
  const { code } = await run.exited;
  return { code, last: run.stdout().trimEnd().split('\n').at(-1) };
}

test('the last line counts passed, failed and skipped tests, and a file that fails to load as a failure', async () => {
  await using directory = await temporaryDirectory();
  const files = {
    'some.test.js': `test('a', () => {}); test('b', () => { throw new Error('b'); }); test.skip('c', () => {});`,
    'broken.test.js': `import './missing.js';`,
  };
  const outcome = await runTests(directory, files, { CI: undefined });
  expect(outcome).toEqual({ code: 1, last: '1 passed, 2 failed, 1 skipped' });
});

test('a skipped test fails the run on CI only', async () => {
  await using directory = await temporaryDirectory();
  const files = { 'some.test.js': `test('a', () => {}); test.skip('b', () => {});` };
  const last = '1 passed, 0 failed, 1 skipped';
  expect(await runTests(directory, files, { CI: undefined })).toEqual({ code: 0, last });
  expect(await runTests(directory, files, { CI: 'true' })).toEqual({ code: 1, last });
});
