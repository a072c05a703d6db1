import { rm } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { removeEmbeddedPostgres } from '@phaselock/store';
import { dataDirIn } from './clear-up.ts';
import { taggedProcesses } from './tagged-processes.ts';

// Cleans up after the process that started it has ended. Standard input is a pipe from that process, so it closes when
// that process ends, however it ends.
const [, , home = ''] = process.argv;
// A killed run does not read the output.
process.stdout.on('error', () => undefined);
for await (const _ of process.stdin);

const left = taggedProcesses(home);
for (const pid of left) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // The process has already ended.
  }
}
// The pipe closes shortly before the other process has ended, so the removal may need several attempts.
while (!(await removeEmbeddedPostgres(dataDirIn(home)))) await pause(50);
await rm(home, { recursive: true, force: true });
process.stdout.write(left.join(' '));
