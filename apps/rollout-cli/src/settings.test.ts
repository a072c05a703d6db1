import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { settingsTables } from '@phaselock/settings';
import { expect, test } from 'vitest';
import { reportJsonSchema } from './report-schema.ts';
import { readConfig, readDatabaseConfig, SETTINGS } from './settings.ts';

const PAGE = `# Configuration of rollout

Settings are environment variables. Those that it shares with [the API](configuration.md) have the same meaning. They are checked at start, and all mistakes are reported together. Generated from \`apps/rollout-cli/src/settings.ts\`. The commands are described in [rollout.md](rollout.md).

${settingsTables(SETTINGS)}
`;

test.each([
  ['rollout-configuration.md', PAGE],
  ['rollout.schema.json', reportJsonSchema()],
])('docs/%s is up to date with the code', (name, made) => {
  const file = resolve(import.meta.dirname, '../../../docs', name);
  if (process.env.PHASELOCK_UPDATE_DOCS === '1') writeFileSync(file, made);
  expect(readFileSync(file, 'utf8'), 'PHASELOCK_UPDATE_DOCS=1 npx pnpm@12 test apps/rollout-cli/src/settings').toBe(
    made,
  );
});

test.each(['http://u:s3cret@prometheus:9090', 'https://u@prometheus'])(
  'a Prometheus address with a name or password is refused: %s',
  (address) => {
    const env = { PHASELOCK_PROMETHEUS_URL: address };
    const read = () => readConfig(env);
    expect(read).toThrow(/PHASELOCK_PROMETHEUS_URL must hold no name .* PHASELOCK_PROMETHEUS_TOKEN_FILE/);
    expect(read).not.toThrow('s3cret');
    // A kill does not need Prometheus.
    expect(readDatabaseConfig(env)).toMatchObject({ dataDir: '.phaselock' });
  },
);
