import { visibleLines } from '@phaselock/core';
import { ConfigMistakes } from './config/read-config.ts';
import { runApi } from './start/run-api.ts';

try {
  await runApi({ env: process.env, args: process.argv.slice(2), say: (text) => console.log(visibleLines(text)) });
} catch (error) {
  console.error(visibleLines(`phaselock did not start: ${error instanceof Error ? error.message : String(error)}`));
  process.exitCode = error instanceof ConfigMistakes ? 64 : 1;
}
