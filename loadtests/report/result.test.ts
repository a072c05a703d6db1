import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryDirectory } from '@phaselock/testkit';
import { expect, test } from 'vitest';
import { FORMAT, readResult } from './result.ts';

async function refusal(text: string): Promise<string> {
  await using folder = await temporaryDirectory();
  const file = join(folder.path, 'result.json');
  await writeFile(file, text);
  const message = await readResult(folder.path).then(
    () => 'it was read',
    (error: Error) => error.message,
  );
  return message.replace(file, 'FILE');
}

test('readResult rejects an invalid file with one line that names the file and the first problem', async () => {
  expect(await refusal('\u0000\u0001 garbage')).toBe('FILE is not a result of a load run: it is not JSON');
  expect(await refusal('[1, 2]')).toBe('FILE is not a result of a load run: it has no format');
  expect(await refusal('{"format":1,"facts":{}}')).toBe(
    'FILE is not a result of a load run: its format is 1, but 2 is required: run it again',
  );
  expect(await refusal(JSON.stringify({ format: FORMAT, facts: { scenario: 7 } }))).toMatch(
    /^FILE is not a result of a load run: at facts\.scenario: [^\n]+$/,
  );
});

test('readResult rejects a missing file', async () => {
  await using folder = await temporaryDirectory();
  const run = join(folder.path, 'run');
  await mkdir(run);
  await expect(readResult(run)).rejects.toThrow(/^\S+\/run\/result\.json cannot be read: ENOENT$/);
  await expect(readResult(join(run, 'none'))).rejects.toThrow(/^\S+\/none cannot be read: ENOENT$/);
});
