import { spawnSync } from 'node:child_process';

// Burns so many milliseconds of a processor, or has them burnt by a child that has ended; then tells how much it took, and waits.
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
