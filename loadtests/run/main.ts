import { existsSync } from 'node:fs';
import { Interrupted, untilInterrupted } from '../../bench/until-interrupted.ts';
import { keepResult } from '../report/keep-result.ts';
import { compareResults } from '../report/print-comparison.ts';
import { writePages } from '../report/write-pages.ts';
import { type Command, type RunCommand, readArguments, USAGE, UsageError } from './read-arguments.ts';
import { runAndProve } from './run-and-prove.ts';
import { tellError } from './tell-error.ts';

const EXIT_USAGE = 64;
const EXIT_FAILED = 1;

const say = (line: string): void => console.error(`${(performance.now() / 1_000).toFixed(1).padStart(7)} s  ${line}`);

/** Runs a load command. Closes everything it opened before it returns or throws. */
async function load(command: RunCommand): Promise<number> {
  await using owned = new AsyncDisposableStack();
  return await untilInterrupted(() => runAndProve({ command, env: process.env, owned, say }));
}

async function run(command: Command): Promise<number> {
  switch (command.kind) {
    case 'help':
      console.log(USAGE);
      return 0;
    case 'run':
      return await load(command);
    case 'compare':
      for (const path of [command.before, command.after]) insistOnPath('compare', path);
      console.log(await compareResults(command.before, command.after));
      return 0;
    case 'report':
      for (const file of await writePages()) console.log(file);
      return 0;
    case 'keep':
      insistOnPath('keep', command.folder);
      console.log(await keepResult(command.folder));
      return 0;
  }
}

function insistOnPath(verb: 'compare' | 'keep', path: string): void {
  if (!existsSync(path)) throw new UsageError(`${verb}: ${path} does not exist`);
}

try {
  process.exitCode = await run(readArguments(process.argv.slice(2)));
} catch (error) {
  // Exits at once, because the interrupted work still runs although its product has been stopped.
  if (error instanceof Interrupted) {
    console.error('interrupted: nothing was proven');
    process.exit(error.exitCode);
  }
  if (error instanceof UsageError) {
    console.error(`load: ${error.message}\n\n${USAGE}`);
    process.exitCode = EXIT_USAGE;
  } else {
    console.error(`load: ${tellError(error)}`);
    process.exitCode = EXIT_FAILED;
  }
}
