import { openTestGuard } from '@phaselock/testkit';
import { expect, test } from 'vitest';
import { literal } from './literal.ts';

const TEXTS = [
  'plain',
  "it's",
  'back\\slash',
  "x\\' ; select 1 --",
  'line\nbreak\tand\u001b[2Jescape',
  'Zürich \u{1f512}',
  "U&'\\+00",
];

test('a literal has the value of its text, whatever characters the text has', async () => {
  await using home = await openTestGuard();
  const { pg } = home.guard.database.pool;
  for (const text of TEXTS) {
    const { rows } = await pg.query<{ value: string }>(`select ${literal(text)} as value`);
    expect(rows).toEqual([{ value: text }]);
    expect(literal(text)).toMatch(/^[ -~]*$/);
  }
  expect(literal(null)).toBe('null');
});

test('a literal with a backslash is refused by a server that would take it as an escape', async () => {
  await using home = await openTestGuard();
  const client = await home.guard.database.pool.pg.connect();
  await client.query('set standard_conforming_strings = off');
  await expect(client.query(`select ${literal("x\\' ; select 1 --")} as value`)).rejects.toThrow(
    'unsafe use of string',
  );
  client.release(true);
});
