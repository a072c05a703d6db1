import { setTimeout as delay } from 'node:timers/promises';
import { removeEmbeddedPostgres } from '@phaselock/store';

// Removes an embedded server after the process that started it has ended. Standard input is a pipe from that process,
// so it closes when that process ends, however it ends.
const [, , dataDir = ''] = process.argv;
for await (const _ of process.stdin);
// The pipe closes shortly before the other process has ended, so the removal may need several attempts.
while (!(await removeEmbeddedPostgres(dataDir))) await delay(50);
