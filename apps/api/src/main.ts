import { resolve } from 'node:path';
import { keepCompiled } from './start/keep-compiled.ts';

const keep = keepCompiled();
// Loaded after keepCompiled, or the compile cache would not contain these modules.
const [{ visibleLines }, { ConfigMistakes }, { runApi }] = await Promise.all([
  import('@phaselock/core'),
  import('./config/read-config.ts'),
  import('./start/run-api.ts'),
]);

/**
 * Prints a message for a person on standard error, since standard output is for the log alone. The first message comes
 * when all modules are loaded, so this also writes the compile cache.
 */
function say(text: string): void {
  console.error(visibleLines(text));
  keep();
}

try {
  const showsSecrets = process.stderr.isTTY === true;
  const root = resolve(import.meta.dirname, '../../..');
  await runApi({ env: process.env, args: process.argv.slice(2), say, showsSecrets, root });
} catch (error) {
  console.error(visibleLines(`phaselock did not start: ${error instanceof Error ? error.message : String(error)}`));
  process.exitCode = error instanceof ConfigMistakes ? 64 : 1;
}
