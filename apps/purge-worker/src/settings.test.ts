import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { settingsTables } from '@phaselock/settings';
import { expect, test } from 'vitest';
import { SETTINGS } from './settings.ts';

test('docs/purge-configuration.md matches the settings', () => {
  const file = resolve(import.meta.dirname, '../../../docs/purge-configuration.md');
  const page = `# Configuration of the purge worker

The purge worker is configured by environment variables. Those it shares with [the API](configuration.md) have the same meaning. They are checked at start, and all mistakes are listed at once. This page is made from \`apps/purge-worker/src/settings.ts\`. [archive.md](archive.md) describes the worker.

${settingsTables(SETTINGS)}
`;
  if (process.env.PHASELOCK_UPDATE_DOCS === '1') writeFileSync(file, page);
  expect(readFileSync(file, 'utf8'), 'PHASELOCK_UPDATE_DOCS=1 npx pnpm@12 test apps/purge-worker/src/settings').toBe(
    page,
  );
});
