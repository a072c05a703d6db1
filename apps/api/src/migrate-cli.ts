import { visibleLines } from '@phaselock/core';
import { MigrationError } from '@phaselock/store';
import { ConfigMistakes } from './config/read-config.ts';
import { runMigrate } from './start/run-migrate.ts';

const EXIT_FAILED = 1;
const EXIT_USAGE = 64;

// Applies when the process ends before the command does: a promise that never settles must not lead to exit code 0.
process.exitCode = EXIT_FAILED;
try {
  await runMigrate({ env: process.env, args: process.argv.slice(2), say: (text) => console.log(visibleLines(text)) });
  process.exitCode = 0;
} catch (error) {
  const cause = error instanceof MigrationError && error.cause instanceof Error ? `: ${error.cause.message}` : '';
  console.error(
    visibleLines(`migrate: ${error instanceof Error ? error.message || error.name : String(error)}${cause}`),
  );
  process.exitCode = error instanceof ConfigMistakes ? EXIT_USAGE : EXIT_FAILED;
}
