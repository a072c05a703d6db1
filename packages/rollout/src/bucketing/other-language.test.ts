import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';

const PROGRAM = resolve(import.meta.dirname, '../../../../examples/bucketing.py');
const hasPython = spawnSync('python3', ['--version']).status === 0;
if (!hasPython && process.env.CI === 'true') throw new Error('The vectors cannot be checked without python3.');

test.skipIf(!hasPython)(`the vectors agree with Python${hasPython ? '' : ' (skipped: no python3 on the PATH)'}`, () => {
  const ran = spawnSync('python3', [PROGRAM], { encoding: 'utf8' });
  expect(ran).toMatchObject({ status: 0, stderr: '', stdout: expect.stringContaining(', 0 wrong') });
});

test.skipIf(!hasPython).each([
  ['ada', '12.25', 'out'],
  ['ada', '12.26', 'in'],
])('the Python example decides for %s at %s %%: %s', (subject, percent, answer) => {
  const ran = spawnSync('python3', [PROGRAM, 'single_session_guard', '1', subject, percent], { encoding: 'utf8' });
  expect(ran.stdout.trim()).toBe(answer);
});
