import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { spawnNode } from './spawn-node.ts';
import { temporaryDirectory } from './temporary-directory.ts';

async function script(directory: string, text: string): Promise<string> {
  const file = join(directory, 'script.ts');
  await writeFile(file, text);
  return file;
}

test('finds an earlier or later line of either stream, and passes arguments and environment to the child', async () => {
  await using directory = await temporaryDirectory();
  const file = await script(
    directory.path,
    `const port: number = 5; console.error('port', port, process.argv[2], process.env.GREETING); setInterval(() => {}, 1000);`,
  );
  await using child = spawnNode(file, { args: ['first'], env: { GREETING: 'hello' } });
  const line = await child.waitForLine(/port (\d) (.*)/);
  expect(line.slice(1)).toEqual(['5', 'first hello']);
  expect((await child.waitForLine(/port/))[0]).toBe('port');
  expect(child.stderr()).toBe('port 5 first hello\n');
  child.kill('SIGKILL');
  expect(await child.exited).toEqual({ code: null, signal: 'SIGKILL' });
});

test('waitForLine fails with the whole output when the process ends without a matching line', async () => {
  await using directory = await temporaryDirectory();
  await using child = spawnNode(await script(directory.path, `console.log('only this'); process.exitCode = 3;`));
  await expect(child.waitForLine(/that/)).rejects.toThrow(/ended with 3.*\nonly this/s);
  expect(await child.exited).toEqual({ code: 3, signal: null });
});
