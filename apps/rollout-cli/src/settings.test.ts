import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { settingsTables } from '@phaselock/settings';
import { expect, test } from 'vitest';
import { reportJsonSchema } from './report-schema.ts';
import { readConfig, readDatabaseConfig, SETTINGS } from './settings.ts';

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

test.each(['http://u:s3cret@prometheus:9090', 'https://u@prometheus'])(
  'the address of Prometheus, as %s, holds nobody’s name or password',
  (address) => {
    const env = { PHASELOCK_PROMETHEUS_URL: address };
    const read = () => readConfig(env);
    expect(read).toThrow(/PHASELOCK_PROMETHEUS_URL must hold no name .* PHASELOCK_PROMETHEUS_TOKEN_FILE/);
    expect(read).not.toThrow('s3cret');
    // A kill asks no Prometheus.
    expect(readDatabaseConfig(env)).toMatchObject({ dataDir: '.phaselock' });
  },
);
