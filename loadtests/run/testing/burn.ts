import { spawnSync } from 'node:child_process';

// Uses this many milliseconds of CPU time, itself or in a child that then ends, prints the CPU time used, and waits.
const [, , ms = '', by = ''] = process.argv;
if (by === 'child') {
  const { stdout } = spawnSync(process.execPath, [import.meta.filename, ms, 'once'], { encoding: 'utf8' });
  const child = Number(stdout);
  const own = process.cpuUsage();
  process.stdout.write(`${child + (own.user + own.system) / 1e6}\n`);
} else {
  while (process.cpuUsage().user < Number(ms) * 1_000);
  const { user, system } = process.cpuUsage();
  process.stdout.write(`${(user + system) / 1e6}\n`);
}
if (by !== 'once') setInterval(() => undefined, 60_000);
