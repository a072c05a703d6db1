import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { settingsTables } from '@phaselock/settings';
import { expect, test } from 'vitest';
import { SETTINGS } from './settings.ts';

test('docs/purge-configuration.md is the page of these settings', () => {
  const file = resolve(import.meta.dirname, '../../../docs/purge-configuration.md');
  const page = `# Configuration of the purge worker

By environment variables; the ones it shares with [the API](configuration.md) mean the same. They are checked at start, every mistake is listed at once. Made from \`apps/purge-worker/src/settings.ts\`. What they do: [archive.md](archive.md).

${settingsTables(SETTINGS)}
`;
  if (process.env.PHASELOCK_UPDATE_DOCS === '1') writeFileSync(file, page);
  expect(readFileSync(file, 'utf8'), 'PHASELOCK_UPDATE_DOCS=1 npx pnpm@12 test apps/purge-worker/src/settings').toBe(
    page,
  );
});
