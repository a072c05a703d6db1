import { constants, setPriority } from 'node:os';
import { runCommand } from './run-command.ts';

/**
 * Terminals and pnpm may each send a signal, so a second signal does not force an exit. Without a permanent listener it
 * would end the process at once.
 */
const ending = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => ending.abort());

// Lowers the priority of this process, because API requests must not wait for purge work.
setPriority(constants.priority.PRIORITY_BELOW_NORMAL);

const { stdout, stderr, env } = process;
process.exitCode = await runCommand({ argv: process.argv.slice(2), env, stdout, stderr, ended: ending.signal });
