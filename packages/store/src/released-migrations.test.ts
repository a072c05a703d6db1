import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const MIGRATIONS = join(import.meta.dirname, '../migrations');

/** Somebody has them in a database already, which would refuse to start with another text: what is to be different is a migration of its own. */
test('a migration keeps the text it was released with', () => {
  const texts = readdirSync(MIGRATIONS)
    .filter((name) => name.endsWith('.sql'))
    .sort()
    .map(
      (name) =>
        `${createHash('sha256')
          .update(readFileSync(join(MIGRATIONS, name)))
          .digest('hex')}  ${name}\n`,
    );
  expect(texts.join('')).toBe(readFileSync(join(MIGRATIONS, 'released.sha256'), 'utf8'));
});
