import { visibleLines } from '@phaselock/core';
import { ConfigMistakes } from './config/read-config.ts';
import { runKeys } from './start/run-keys.ts';

try {
  await runKeys({
    env: process.env,
    args: process.argv.slice(2),
    say: (text) => console.log(visibleLines(text)),
    note: (text) => console.error(visibleLines(text)),
  });
} catch (error) {
  console.error(visibleLines(`keys: ${error instanceof Error ? error.message : String(error)}`));
  process.exitCode = error instanceof ConfigMistakes ? 64 : 1;
}
