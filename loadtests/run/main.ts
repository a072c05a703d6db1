import { Interrupted, untilInterrupted } from '../../bench/until-interrupted.ts';
import { keepResult } from '../report/keep-result.ts';
import { compareResults } from '../report/print-comparison.ts';
import { writePages } from '../report/write-pages.ts';
import { type Command, type RunCommand, readArguments, USAGE, UsageError } from './read-arguments.ts';
import { runAndProve } from './run-and-prove.ts';

const EXIT_USAGE = 64;
const EXIT_FAILED = 1;

const say = (line: string): void => console.error(`${(performance.now() / 1_000).toFixed(1).padStart(7)} s  ${line}`);

/** What was opened is closed before this comes back, however it ends. */
async function load(command: RunCommand): Promise<number> {
  await using owned = new AsyncDisposableStack();
  return await untilInterrupted(() => runAndProve({ command, env: process.env, owned, say }));
}

async function run(command: Command): Promise<number> {
  switch (command.kind) {
    case 'run':
      return await load(command);
    case 'compare':
      console.log(await compareResults(command.before, command.after));
      return 0;
    case 'report':
      for (const file of await writePages()) console.log(file);
      return 0;
    case 'keep':
      console.log(await keepResult(command.folder));
      return 0;
  }
}

try {
  process.exitCode = await run(readArguments(process.argv.slice(2)));
} catch (error) {
  // What was under way when it was interrupted is still at it, against a product that is gone.
  if (error instanceof Interrupted) process.exit(error.exitCode);
  if (error instanceof UsageError) {
    console.error(`load: ${error.message}\n\n${USAGE}`);
    process.exitCode = EXIT_USAGE;
  } else {
    console.error(`load: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = EXIT_FAILED;
  }
}
