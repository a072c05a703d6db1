import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const MIGRATIONS = join(import.meta.dirname, '../migrations');

/** Databases that have applied a migration refuse to start if its text changes. A change needs a new migration. */
test('released migrations have the text they were released with', () => {
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
