import { createLogger } from '@phaselock/telemetry';
import { createTestDatabase, freePort } from '@phaselock/testkit';
import { expect, test } from 'vitest';
import { readConfig } from '../config/read-config.ts';
import { warnOfScarceConnections } from './warn-of-scarce-connections.ts';

test.each([
  ['warns of more connections than PostgreSQL allows', '64', [/may open 64448 connections, .* allows \d+: /]],
  ['is silent about as many as PostgreSQL allows', '2', []],
])('%s', async (_, workers, expected) => {
  await using database = await createTestDatabase();
  const said: string[] = [];
  const env = { PHASELOCK_WORKERS: workers, PHASELOCK_POOL_SIZE: workers === '2' ? '2' : '1000' };
  await warnOfScarceConnections({
    config: readConfig(env),
    databaseUrl: database.url,
    logger: createLogger({
      service: 'phaselock-api',
      version: '0.0.0',
      environment: 'default',
      destination: { write: (line) => void said.push(String(Object(JSON.parse(line)).message)) },
    }),
  });
  expect(said).toEqual(expected.map((pattern) => expect.stringMatching(pattern)));
});

test('is silent while the database is down', async () => {
  const said: string[] = [];
  await warnOfScarceConnections({
    config: readConfig({ PHASELOCK_WORKERS: '2' }),
    databaseUrl: `postgres://nobody@127.0.0.1:${await freePort()}/nothing`,
    logger: { warn: (...line: unknown[]) => void said.push(String(line)) },
  });
  expect(said).toEqual([]);
});
