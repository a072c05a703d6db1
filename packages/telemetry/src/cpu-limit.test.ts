import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { temporaryDirectory } from '@phaselock/testkit';
import { expect, it } from 'vitest';
import { cpuLimitCores } from './cpu-limit.ts';

const V1 = '4:cpu,cpuacct:/docker/ab\n1:name=systemd:/docker/ab\n0::/\n';

it.each([
  ['a quota of its group', { 'proc/self/cgroup': '0::/app\n', 'sys/fs/cgroup/app/cpu.max': '150000 100000\n' }, 1.5],
  ['no quota in its group', { 'proc/self/cgroup': '0::/app\n', 'sys/fs/cgroup/app/cpu.max': 'max 100000\n' }, 8],
  [
    'a lower quota in the parent group',
    {
      'proc/self/cgroup': '0::/slice/app\n',
      'sys/fs/cgroup/slice/app/cpu.max': '400000 100000\n',
      'sys/fs/cgroup/slice/cpu.max': '200000 100000\n',
    },
    2,
  ],
  ['a quota above the number of cores', { 'proc/self/cgroup': '0::/\n', 'sys/fs/cgroup/cpu.max': '6400000 100000' }, 8],
  [
    'a cgroup v1 quota',
    {
      'proc/self/cgroup': V1,
      'sys/fs/cgroup/cpu/docker/ab/cpu.cfs_quota_us': '50000\n',
      'sys/fs/cgroup/cpu/docker/ab/cpu.cfs_period_us': '100000\n',
    },
    0.5,
  ],
  [
    'a cgroup v1 quota in a container that sees its own group as the root',
    {
      'proc/self/cgroup': V1,
      'sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us': '300000\n',
      'sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us': '100000\n',
    },
    3,
  ],
  [
    'no cgroup v1 quota',
    {
      'proc/self/cgroup': V1,
      'sys/fs/cgroup/cpu/cpu.cfs_quota_us': '-1\n',
      'sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n',
    },
    8,
  ],
  ['no control groups', {}, 8],
])('cpuLimitCores with %s', async (_, files, expected) => {
  await using directory = await temporaryDirectory();
  for (const [name, text] of Object.entries(files)) {
    const file = join(directory.path, name);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
  expect(cpuLimitCores({ root: directory.path, cores: 8 })).toBe(expected);
});
