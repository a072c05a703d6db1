import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { temporaryDirectory } from '@phaselock/testkit';
import { expect, it } from 'vitest';
import { memoryLimitBytes } from './memory-limit.ts';

const V1 = '9:memory:/docker/ab\n1:name=systemd:/docker/ab\n0::/\n';
const GIB = 2 ** 30;

it.each([
  ['a limit of its group', { 'proc/self/cgroup': '0::/app\n', 'sys/fs/cgroup/app/memory.max': `${GIB}\n` }, GIB],
  ['no limit in its group', { 'proc/self/cgroup': '0::/app\n', 'sys/fs/cgroup/app/memory.max': 'max\n' }, 8 * GIB],
  [
    'a lower limit in the parent group',
    {
      'proc/self/cgroup': '0::/slice/app\n',
      'sys/fs/cgroup/slice/app/memory.max': `${4 * GIB}\n`,
      'sys/fs/cgroup/slice/memory.max': `${2 * GIB}\n`,
    },
    2 * GIB,
  ],
  ['a limit above total memory', { 'proc/self/cgroup': '0::/\n', 'sys/fs/cgroup/memory.max': `${64 * GIB}` }, 8 * GIB],
  [
    'a cgroup v1 limit',
    { 'proc/self/cgroup': V1, 'sys/fs/cgroup/memory/docker/ab/memory.limit_in_bytes': `${GIB}\n` },
    GIB,
  ],
  [
    'a cgroup v1 limit in a container that sees its own group as the root',
    { 'proc/self/cgroup': V1, 'sys/fs/cgroup/memory/memory.limit_in_bytes': `${3 * GIB}\n` },
    3 * GIB,
  ],
  [
    'no cgroup v1 limit',
    { 'proc/self/cgroup': V1, 'sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n' },
    8 * GIB,
  ],
  ['no control groups', {}, 8 * GIB],
])('memoryLimitBytes with %s', async (_, files, expected) => {
  await using directory = await temporaryDirectory();
  for (const [name, text] of Object.entries(files)) {
    const file = join(directory.path, name);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
  expect(memoryLimitBytes({ root: directory.path, bytes: 8 * GIB })).toBe(expected);
});
