import { rm } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { removeEmbeddedPostgres } from '@phaselock/store';
import { dataDirIn } from './clear-up.ts';
import { taggedProcesses } from './tagged-processes.ts';

// A process of its own, which waits for the end of the run that started it: then nobody holds the other end of its input.
const [, , home = ''] = process.argv;
// A run that was killed does not read what was left of it.
process.stdout.on('error', () => undefined);
for await (const _ of process.stdin);

const left = taggedProcesses(home);
for (const pid of left) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}
// The input ends a moment before the process that held it does.
while (!(await removeEmbeddedPostgres(dataDirIn(home)))) await pause(50);
await rm(home, { recursive: true, force: true });
process.stdout.write(left.join(' '));
