import { EXIT } from './exit-code.ts';
import { releaseAt } from './release.ts';
import { run } from './run.ts';

/** How long the end may take after a signal: cancelling statements, closing files, stopping an embedded server. */
const END_WITHIN_MS = 10_000;

/** The first signal ends the audit. Later ones are ignored, because the terminal and pnpm both send one. */
const ending = new AbortController();
const endWith = (exitCode: number) => (): void => {
  if (ending.signal.aborted) return;
  process.exitCode = exitCode;
  setTimeout(() => process.exit(), END_WITHIN_MS).unref();
  ending.abort();
};
process.on('SIGINT', endWith(EXIT.interrupted));
process.on('SIGTERM', endWith(EXIT.terminated));

// The exit code if the process ends before `run` returns: the audit is incomplete.
process.exitCode = EXIT.incomplete;
const { argv, env, stdout, stderr } = process;
const release = releaseAt(import.meta.dirname);
const exitCode = await run({ argv: argv.slice(2), env, stdout, stderr, release, ended: ending.signal });
// What is left of a discarded report, such as a pipe without a reader, would keep the process alive.
if (ending.signal.aborted) process.exit();
process.exitCode = exitCode;
