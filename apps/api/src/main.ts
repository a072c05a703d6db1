import { resolve } from 'node:path';
import { keepCompiled } from './start/keep-compiled.ts';

const keep = keepCompiled();
// Loaded afterwards, or they would not be kept.
const [{ visibleLines }, { ConfigMistakes }, { runApi }] = await Promise.all([
  import('@phaselock/core'),
  import('./config/read-config.ts'),
  import('./start/run-api.ts'),
]);

/** For a person: standard output is for the log alone. The first thing that is said is that all is loaded. */
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
