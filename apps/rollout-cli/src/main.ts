import { outliveReader } from './closed-output.ts';
import { EXIT } from './exit-code.ts';
import { run } from './run.ts';

/** The first signal lets the command give its lease back; terminals and pnpm both send it, so a second is no wish to hurry. */
const ending = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => ending.abort());

// Whatever ends this process before it has answered, nothing was decided.
process.exitCode = EXIT.error;
const { argv, env, stdout, stderr } = process;
outliveReader(stderr, () => undefined);
outliveReader(stdout, (text) => void stderr.write(`rollout: ${text}\n`));
process.exitCode = await run({ argv: argv.slice(2), env, stdout, stderr, ended: ending.signal });
