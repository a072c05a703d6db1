import { outliveReader } from './closed-output.ts';
import { EXIT } from './exit-code.ts';
import { run } from './run.ts';

/**
 * The first signal lets the command release its lease. Later ones are ignored, because the terminal and pnpm both send
 * one.
 */
const ending = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => ending.abort());

// The exit code if the process ends before `run` returns: nothing was decided.
process.exitCode = EXIT.error;
const { argv, env, stdout, stderr } = process;
outliveReader(stderr, () => undefined);
outliveReader(stdout, (text) => void stderr.write(`rollout: ${text}\n`));
process.exitCode = await run({ argv: argv.slice(2), env, stdout, stderr, ended: ending.signal });
