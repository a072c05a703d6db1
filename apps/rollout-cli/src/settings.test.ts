import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { settingsTables } from '@phaselock/settings';
import { expect, test } from 'vitest';
import { reportJsonSchema } from './report-schema.ts';
import { SETTINGS } from './settings.ts';

const PAGE = `# Configuration of rollout

By environment variables; the ones it shares with [the API](configuration.md) mean the same. They are checked at start, every mistake is listed at once. Made from \`apps/rollout-cli/src/settings.ts\`. What it does: [rollout.md](rollout.md).

${settingsTables(SETTINGS)}
`;

test.each([
  ['rollout-configuration.md', PAGE],
  ['rollout.schema.json', reportJsonSchema()],
])('docs/%s is made from the code', (name, made) => {
  const file = resolve(import.meta.dirname, '../../../docs', name);
  if (process.env.PHASELOCK_UPDATE_DOCS === '1') writeFileSync(file, made);
  expect(readFileSync(file, 'utf8'), 'PHASELOCK_UPDATE_DOCS=1 npx pnpm@12 test apps/rollout-cli/src/settings').toBe(
    made,
  );
});
