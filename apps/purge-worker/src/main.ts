import { constants, setPriority } from 'node:os';
import { runCommand } from './run-command.ts';

/** Terminals and pnpm both send a signal, so a second is no wish to hurry; without a listener that stays, it would end the process at once. */
const ending = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => ending.abort());

// Whoever waits for an answer goes first.
setPriority(constants.priority.PRIORITY_BELOW_NORMAL);

const { stdout, stderr, env } = process;
process.exitCode = await runCommand({ argv: process.argv.slice(2), env, stdout, stderr, ended: ending.signal });
