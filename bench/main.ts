import { writeFile } from 'node:fs/promises';
import { type BenchArguments, readArguments, USAGE, UsageError } from './arguments.ts';
import { chooseScenarios, runBenchmarks } from './run-benchmarks.ts';
import { Interrupted } from './until-interrupted.ts';

const EXIT_USAGE = 64;

async function run(args: BenchArguments): Promise<void> {
  const scenarios = chooseScenarios(args);
  if (scenarios.length === 0) throw new UsageError('--only matches no row');
  const rows = await runBenchmarks(args, scenarios);
  if (args.json !== undefined) await writeFile(args.json, `${JSON.stringify(rows, null, 2)}\n`);
}

try {
  await run(readArguments(process.argv.slice(2)));
} catch (error) {
  if (error instanceof UsageError) {
    console.error(`bench: ${error.message}\n\n${USAGE}`);
    process.exitCode = EXIT_USAGE;
  } else if (error instanceof Interrupted) {
    // Exits at once, because the interrupted measurement still runs although its server has been stopped.
    process.exit(error.exitCode);
  } else {
    throw error;
  }
}
