import { EXIT } from './exit-code.ts';
import { releaseAt } from './release.ts';
import { run } from './run.ts';

// The exit code if the process ends before `run` returns: the audit is incomplete.
process.exitCode = EXIT.incomplete;
process.once('SIGINT', () => process.exit(EXIT.interrupted));
process.once('SIGTERM', () => process.exit(143));
const { argv, env, stdout, stderr } = process;
process.exitCode = await run({ argv: argv.slice(2), env, stdout, stderr, release: releaseAt(import.meta.dirname) });
