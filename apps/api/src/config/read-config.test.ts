import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { configurationPage } from './configuration-page.ts';
import { ConfigMistakes, readConfig, unknownVariables } from './read-config.ts';

function mistakesOf(env: Record<string, string>): readonly string[] {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof ConfigMistakes) return error.mistakes;
    throw error;
  }
  return [];
}

describe('a configuration', () => {
  test('without any variable uses loopback, API keys and an embedded database', () => {
    expect(readConfig({})).toMatchObject({
      host: '127.0.0.1',
      port: 4700,
      auth: 'keys',
      databaseUrl: undefined,
      redisUrl: undefined,
      dataDir: '.phaselock',
      deadlineMs: 5_000,
      migrate: true,
    });
  });

  test('treats an empty variable as an absent one', () => {
    expect(readConfig({ PHASELOCK_PORT: '', PHASELOCK_REDIS_URL: '' })).toMatchObject({
      port: 4700,
      redisUrl: undefined,
    });
  });

  test('reports every mistake at once without repeating a secret', () => {
    const mistakes = mistakesOf({
      PHASELOCK_PORT: '47o0',
      PHASELOCK_HOST: ' ',
      PHASELOCK_MIGRATE: 'yes',
      PHASELOCK_AUTH: 'basic',
      PHASELOCK_DATABASE_URL: 'mysql://root:hunter2@db/x',
      PHASELOCK_REDIS_URL: 'hunter2',
      PHASELOCK_POOL_SIZE: '0',
      PHASELOCK_DEADLINE_MS: '-5',
      PHASELOCK_OIDC_ALGORITHMS: ' , ',
    });
    expect(mistakes).toEqual([
      'PHASELOCK_HOST must not be empty',
      'PHASELOCK_PORT must be a whole number from 0 to 65535',
      'PHASELOCK_DATABASE_URL must begin with postgres: or postgresql:',
      'PHASELOCK_MIGRATE must be one of on, off',
      'PHASELOCK_REDIS_URL must be a URL',
      'PHASELOCK_POOL_SIZE must be a whole number from 1 to 1000',
      'PHASELOCK_AUTH must be one of keys, off',
      'PHASELOCK_OIDC_ALGORITHMS must contain at least one name',
      'PHASELOCK_DEADLINE_MS must be a whole number from 100 to 60000',
    ]);
  });

  test.each([
    [{ PHASELOCK_AUTH: 'off', PHASELOCK_HOST: '0.0.0.0' }, 'PHASELOCK_AUTH=off is for loopback only'],
    [{ PHASELOCK_AUTH: 'off', PHASELOCK_HOST: '::' }, 'PHASELOCK_AUTH=off is for loopback only'],
    [{ PHASELOCK_OIDC_ISSUER: 'https://issuer.example' }, 'must be set together'],
    [{ PHASELOCK_OIDC_AUDIENCE: 'phaselock' }, 'must be set together'],
    [{ PHASELOCK_OIDC_ALL_PROJECTS: 'on' }, 'needs PHASELOCK_OIDC_ISSUER'],
    [{ PHASELOCK_OIDC_JWKS_URL: 'https://issuer.example/keys' }, 'needs PHASELOCK_OIDC_ISSUER'],
    [
      { PHASELOCK_AUTH: 'off', PHASELOCK_OIDC_ISSUER: 'https://issuer.example', PHASELOCK_OIDC_AUDIENCE: 'x' },
      'has no effect with PHASELOCK_AUTH=off',
    ],
  ])('of %j is refused as contradictory', (env, mistake) => {
    expect(mistakesOf(env)).toEqual([expect.stringContaining(mistake)]);
  });

  test('reports an unknown variable unless it belongs to another program', () => {
    const env = {
      PHASELOCK_PROT: '1',
      PHASELOCK_PORT: '1',
      PHASELOCK_TEST_X: '1',
      PHASELOCK_ARCHIVE_URL: 'x',
      HOME: '/',
    };
    expect(unknownVariables(env)).toEqual(['PHASELOCK_PROT']);
  });
});

test('docs/configuration.md matches these settings', () => {
  const file = resolve(import.meta.dirname, '../../../../docs/configuration.md');
  if (process.env.PHASELOCK_UPDATE_DOCS === '1') writeFileSync(file, configurationPage());
  expect(readFileSync(file, 'utf8'), 'PHASELOCK_UPDATE_DOCS=1 npx pnpm@12 test apps/api/src/config').toBe(
    configurationPage(),
  );
});
