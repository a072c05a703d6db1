import { setTimeout as delay } from 'node:timers/promises';
import { removeEmbeddedPostgres } from '@phaselock/store';

// A process of its own, which waits for the end of the one that started it: then nobody holds the other end of its input.
const [, , dataDir = ''] = process.argv;
for await (const _ of process.stdin);
// The input ends a moment before the process that held it does.
while (!(await removeEmbeddedPostgres(dataDir))) await delay(50);
