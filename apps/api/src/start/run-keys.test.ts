import { createTestDatabase } from '@phaselock/testkit';
import { expect, test } from 'vitest';
import { runKeys } from './run-keys.ts';

test('escapes control characters in a listed key name', async () => {
  await using database = await createTestDatabase();
  const said: string[] = [];
  const keys = (...args: string[]) =>
    runKeys({
      env: { PHASELOCK_DATABASE_URL: database.url },
      args,
      say: (text) => void said.push(text),
      note: () => {},
    });
  const name = 'ci\r\u001b[2Kplk_other  valid\nplk_forged  valid \u202enimda';
  await keys('create', '--name', name, '--scopes', 'sessions:read');
  said.length = 0;
  await keys('list');
  expect(said).toHaveLength(1);
  expect(said[0]).toMatch(/ {2}ci\\u\{d\}\\u\{1b\}\[2Kplk_other {2}valid\\u\{a\}plk_forged {2}valid \\u\{202e\}nimda$/);
});

test('prints only the new key to stdout and the advice separately', async () => {
  await using database = await createTestDatabase();
  const [said, noted]: string[][] = [[], []];
  await runKeys({
    env: { PHASELOCK_DATABASE_URL: database.url },
    args: ['create', '--name', 'prometheus', '--scopes', 'metrics:read'],
    say: (text) => void said?.push(text),
    note: (text) => void noted?.push(text),
  });
  expect(said).toEqual([expect.stringMatching(/^plk_[\w-]{12}_[\w-]{43}$/)]);
  expect(noted).toHaveLength(1);
});
